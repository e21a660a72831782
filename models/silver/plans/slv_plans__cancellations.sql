with cleaned as (
    select
        {{ clean_id('subscription_id') }} as subscription_id,
        coalesce(nullif(lower(trim(reason)), ''), 'unknown') as cancellation_reason,
        cancelled_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_plans__cancellations') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['subscription_id'],
        content=['cancellation_reason', 'cancelled_at'],
        required=['cancelled_at']
    ) }}
)

select * from final
