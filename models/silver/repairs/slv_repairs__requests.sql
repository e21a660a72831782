with cleaned as (
    select
        {{ clean_id('repair_id') }} as repair_id,
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_id('product_id') }} as product_id,
        {{ clean_text('photo_file') }} as photo_file,
        coalesce(nullif(lower(trim(reported_issue)), ''), 'unknown') as reported_issue,
        case when damage_grade between 0 and 3 then damage_grade end as damage_grade,
        requested_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_repairs__requests') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['repair_id'],
        content=[
            'customer_id', 'product_id', 'photo_file', 'reported_issue', 'damage_grade',
            'requested_at'
        ],
        required=['requested_at']
    ) }}
)

select * from final
