{{ config(meta={'dagster': {'ref': {'name': 'rpt_purchase_orders'}}}) }}

with booked as (
    select
        purchase_order_id,
        value_cents
    from {{ ref('fct_purchase_order_lines') }}
    union all
    select
        purchase_order_id,
        0 - ordered_value_cents as value_cents
    from {{ ref('rpt_purchase_orders') }}
),

final as (
    select
        purchase_order_id,
        sum(value_cents) as missing_value_cents
    from booked
    group by purchase_order_id
    having sum(value_cents) <> 0
)

select * from final
