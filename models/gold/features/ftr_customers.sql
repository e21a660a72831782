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

known as (
    {{ training_set(
        spine='plans',
        time='as_of_date',
        features=[
            'ftr_customer_calls',
            'ftr_customer_app',
            'ftr_customer_orders',
            'ftr_customer_returns',
            'ftr_customer_repairs'
        ]
    ) }}
),

final as (
    select
        known.customer_id,
        known.plan_tier,
        coalesce(countries.country_code, 'unknown') as country_code,
        coalesce(customers.customer_type, 'unknown') as customer_type,
        known.running_plans,
        known.monthly_price_cents,
        known.tenure_days,
        coalesce(known.calls_90_days, 0) as calls_90_days,
        coalesce(known.unresolved_calls_90_days, 0) as unresolved_calls_90_days,
        coalesce(known.call_seconds_90_days, 0) as call_seconds_90_days,
        known.negative_tone_90_days,
        coalesce(known.app_sessions_30_days, 0) as app_sessions_30_days,
        coalesce(known.app_sessions_60_days, 0) as app_sessions_60_days,
        known.task_seconds_30_days,
        known.task_seconds_60_days,
        known.abandoned_share_60_days,
        coalesce(known.orders_180_days, 0) as orders_180_days,
        coalesce(known.spend_180_days_cents, 0) as spend_180_days_cents,
        coalesce(known.returns_180_days, 0) as returns_180_days,
        coalesce(known.refund_180_days_cents, 0) as refund_180_days_cents,
        coalesce(known.repairs_180_days, 0) as repairs_180_days,
        coalesce(customers.is_marketing_opt_in, false) as is_marketing_opt_in,
        known.as_of_date
    from known
    left join customers
        on
            known.customer_id = customers.customer_id
            and {{ known_as_of('customers', 'known.as_of_date') }}
    left join countries on customers.country_code = countries.country_code
)

select * from final
