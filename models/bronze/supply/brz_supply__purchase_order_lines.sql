with orders as (
    select
        purchase_order_id,
        unnest(lines) as order_line,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('supply', 'purchase_orders') }}
),

final as (
    select
        orders.purchase_order_id,
        orders.order_line.line_number,
        orders.order_line.product_id,
        orders.order_line.quantity,
        orders.order_line.unit_cost_cents,
        orders._file,
        orders._row,
        orders._delivered_at,
        orders._loaded_at
    from orders
)

select * from final
