with cleaned as (
    select
        {{ clean_id('product_id') }} as product_id,
        {{ clean_text('product_name') }} as product_name,
        {{ conform_code('category', ['phone', 'laptop', 'headphones']) }} as category,
        list_price_cents,
        unit_cost_cents,
        is_discontinued,
        launched_date,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_shop__products') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['product_id'],
        content=[
            'product_name', 'category', 'list_price_cents', 'unit_cost_cents',
            'is_discontinued', 'launched_date'
        ]
    ) }}
)

select * from final
