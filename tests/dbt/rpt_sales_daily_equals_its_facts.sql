{{ config(meta={'dagster': {'ref': {'name': 'rpt_sales_daily'}}}) }}

with booked as (
    select
        ordered_date as sales_date,
        revenue_cents,
        0 as refund_cents
    from {{ ref('fct_order_items') }}
    union all
    select
        returned_date as sales_date,
        0 as revenue_cents,
        coalesce(refund_cents, 0) as refund_cents
    from {{ ref('fct_returns') }}
    union all
    select
        sales_date,
        0 - revenue_cents as revenue_cents,
        0 - refund_cents as refund_cents
    from {{ ref('rpt_sales_daily') }}
),

final as (
    select
        sales_date,
        sum(revenue_cents) as missing_revenue_cents,
        sum(refund_cents) as missing_refund_cents
    from booked
    group by sales_date
    having sum(revenue_cents) <> 0 or sum(refund_cents) <> 0
)

select * from final
