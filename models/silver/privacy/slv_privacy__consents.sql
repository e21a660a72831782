with cleaned as (
    select
        {{ clean_id('customer_id') }} as customer_id,
        {{ conform_code('purpose', ['marketing', 'analytics', 'model_training']) }} as purpose,
        recorded_at,
        is_granted,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_privacy__consents') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['customer_id', 'purpose', 'recorded_at'],
        content=['is_granted']
    ) }}
)

select * from final
