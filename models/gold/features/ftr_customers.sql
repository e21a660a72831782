with plans as (
    select
        customer_id,
        plan_tier,
        running_plans,
        monthly_price_cents,
        tenure_days,
        as_of_date
    from {{ ref('ftr_customer_plans') }}
),

customers as (
    select
        customer_id,
        country_code,
        customer_type,
        is_marketing_opt_in,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_shop__customers') }}
),

countries as (
    select country_code
    from {{ ref('countries') }}
),

calls as (
    select
        customer_id,
        calls_90_days,
        unresolved_calls_90_days,
        call_seconds_90_days,
        negative_tone_90_days,
        as_of_date
    from {{ ref('ftr_customer_calls') }}
),

app as (
    select
        customer_id,
        app_sessions_30_days,
        app_sessions_60_days,
        task_seconds_30_days,
        task_seconds_60_days,
        abandoned_share_60_days,
        as_of_date
    from {{ ref('ftr_customer_app') }}
),

orders as (
    select
        customer_id,
        orders_180_days,
        spend_180_days_cents,
        as_of_date
    from {{ ref('ftr_customer_orders') }}
),

returns as (
    select
        customer_id,
        returns_180_days,
        refund_180_days_cents,
        as_of_date
    from {{ ref('ftr_customer_returns') }}
),

repairs as (
    select
        customer_id,
        repairs_180_days,
        as_of_date
    from {{ ref('ftr_customer_repairs') }}
),

final as (
    select
        plans.customer_id,
        plans.plan_tier,
        coalesce(countries.country_code, 'unknown') as country_code,
        coalesce(customers.customer_type, 'unknown') as customer_type,
        plans.running_plans,
        plans.monthly_price_cents,
        plans.tenure_days,
        coalesce(calls.calls_90_days, 0) as calls_90_days,
        coalesce(calls.unresolved_calls_90_days, 0) as unresolved_calls_90_days,
        coalesce(calls.call_seconds_90_days, 0) as call_seconds_90_days,
        calls.negative_tone_90_days,
        coalesce(app.app_sessions_30_days, 0) as app_sessions_30_days,
        coalesce(app.app_sessions_60_days, 0) as app_sessions_60_days,
        app.task_seconds_30_days,
        app.task_seconds_60_days,
        app.abandoned_share_60_days,
        coalesce(orders.orders_180_days, 0) as orders_180_days,
        coalesce(orders.spend_180_days_cents, 0) as spend_180_days_cents,
        coalesce(returns.returns_180_days, 0) as returns_180_days,
        coalesce(returns.refund_180_days_cents, 0) as refund_180_days_cents,
        coalesce(repairs.repairs_180_days, 0) as repairs_180_days,
        coalesce(customers.is_marketing_opt_in, false) as is_marketing_opt_in,
        plans.as_of_date
    from plans
    left join customers
        on
            plans.customer_id = customers.customer_id
            and {{ known_as_of('customers', 'plans.as_of_date') }}
    left join countries on customers.country_code = countries.country_code
    left join calls
        on plans.customer_id = calls.customer_id and plans.as_of_date = calls.as_of_date
    left join app
        on plans.customer_id = app.customer_id and plans.as_of_date = app.as_of_date
    left join orders
        on plans.customer_id = orders.customer_id and plans.as_of_date = orders.as_of_date
    left join returns
        on plans.customer_id = returns.customer_id and plans.as_of_date = returns.as_of_date
    left join repairs
        on plans.customer_id = repairs.customer_id and plans.as_of_date = repairs.as_of_date
)

select * from final
