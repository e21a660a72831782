with cleaned as (
    select
        {{ clean_id('order_id') }} as order_id,
        line_number,
        {{ clean_id('product_id') }} as product_id,
        quantity,
        unit_price_cents,
        coalesce(discount_cents, 0) as discount_cents,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_shop__order_items') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['order_id', 'line_number'],
        content=['product_id', 'quantity', 'unit_price_cents', 'discount_cents'],
        required=['quantity', 'unit_price_cents']
    ) }}
)

select * from final
