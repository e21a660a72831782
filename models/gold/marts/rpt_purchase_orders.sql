with lines as (
    select
        purchase_order_id,
        supplier_name,
        order_status,
        ordered_quantity,
        received_quantity,
        unit_cost_cents,
        value_cents,
        ordered_date,
        expected_date,
        received_date
    from {{ ref('fct_purchase_order_lines') }}
),

summed as (
    select
        purchase_order_id,
        supplier_name,
        order_status,
        count(*) as order_lines,
        sum(ordered_quantity) as ordered_quantity,
        sum(received_quantity) as received_quantity,
        sum(value_cents) as ordered_value_cents,
        sum(received_quantity * unit_cost_cents) as received_value_cents,
        ordered_date,
        expected_date,
        received_date
    from lines
    group by
        purchase_order_id, supplier_name, order_status, ordered_date, expected_date, received_date
),

final as (
    select
        purchase_order_id,
        supplier_name,
        order_status,
        cast(order_lines as integer) as order_lines,
        cast(ordered_quantity as bigint) as ordered_quantity,
        cast(received_quantity as bigint) as received_quantity,
        cast(ordered_value_cents as bigint) as ordered_value_cents,
        cast(received_value_cents as bigint) as received_value_cents,
        {{ days_between('ordered_date', 'received_date') }} as lead_time_days,
        {{ days_between('expected_date', 'received_date') }} as late_days,
        coalesce(received_date > expected_date, false) as is_late,
        ordered_date,
        expected_date,
        received_date
    from summed
)

select * from final
