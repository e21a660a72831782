with source as (
    select
        order_id,
        product_id,
        line_number,
        quantity,
        unit_price_cents,
        discount_cents,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('shop', 'order_items') }}
)

select * from source
