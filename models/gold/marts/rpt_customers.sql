with customers as (
    select
        customer_id,
        customer_type,
        country_name,
        is_known,
        signed_up_at
    from {{ ref('dim_customers') }}
),

orders as (
    select
        customer_id,
        count(distinct order_id) as orders,
        sum(revenue_cents) as revenue_cents,
        min(ordered_date) as first_ordered_date,
        max(ordered_date) as last_ordered_date
    from {{ ref('fct_order_items') }}
    where is_completed
    group by customer_id
),

returns as (
    select
        customer_id,
        count(*) as returns,
        sum(refund_cents) as refund_cents
    from {{ ref('fct_returns') }}
    group by customer_id
),

plans as (
    select
        customer_id,
        count(*) as open_plans,
        sum(monthly_price_cents) as open_plans_monthly_cents
    from {{ ref('fct_subscriptions') }}
    where not is_cancelled
    group by customer_id
),

calls as (
    select
        customer_id,
        count(*) as calls
    from {{ ref('fct_support_calls') }}
    group by customer_id
),

churn as (
    select
        customer_id,
        score,
        as_of_date,
        row_number() over (partition by customer_id order by as_of_date desc) as place
    from {{ ref('brz_predictions__churn') }}
),

final as (
    select
        customers.customer_id,
        customers.customer_type,
        customers.country_name,
        cast(coalesce(orders.orders, 0) as integer) as orders,
        cast(coalesce(orders.revenue_cents, 0) as bigint) as revenue_cents,
        cast(coalesce(returns.returns, 0) as integer) as returns,
        cast(coalesce(returns.refund_cents, 0) as bigint) as refund_cents,
        cast(coalesce(plans.open_plans, 0) as integer) as open_plans,
        cast(coalesce(plans.open_plans_monthly_cents, 0) as bigint) as open_plans_monthly_cents,
        cast(coalesce(calls.calls, 0) as integer) as calls,
        churn.score as churn_probability,
        customers.is_known,
        orders.first_ordered_date,
        orders.last_ordered_date,
        churn.as_of_date as churn_as_of_date,
        customers.signed_up_at
    from customers
    left join orders on customers.customer_id = orders.customer_id
    left join returns on customers.customer_id = returns.customer_id
    left join plans on customers.customer_id = plans.customer_id
    left join calls on customers.customer_id = calls.customer_id
    left join churn on customers.customer_id = churn.customer_id and churn.place = 1
)

select * from final
