with lines as (
    select
        purchase_order_id,
        line_number,
        product_id,
        quantity,
        unit_cost_cents
    from {{ ref('slv_supply__purchase_order_lines') }}
),

orders as (
    select
        purchase_order_id,
        supplier_name,
        order_status,
        expected_date,
        ordered_at,
        received_at
    from {{ ref('slv_supply__purchase_orders') }}
    where is_current
),

final as (
    select
        lines.purchase_order_id,
        lines.line_number,
        lines.product_id,
        orders.supplier_name,
        orders.order_status,
        lines.quantity as ordered_quantity,
        case when orders.order_status = 'received' then lines.quantity else 0 end
            as received_quantity,
        lines.unit_cost_cents,
        cast(lines.quantity * lines.unit_cost_cents as bigint) as value_cents,
        cast(orders.ordered_at as date) as ordered_date,
        orders.expected_date,
        cast(orders.received_at as date) as received_date
    from lines
    inner join orders on lines.purchase_order_id = orders.purchase_order_id
)

select * from final
