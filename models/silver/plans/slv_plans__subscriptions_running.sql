with as_of_dates as (
    select as_of_date
    from {{ ref('slv_calendar__as_of_dates') }}
),

subscriptions as (
    select
        subscription_id,
        customer_id,
        product_id,
        plan_tier,
        monthly_price_cents,
        started_at,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_plans__subscriptions') }}
),

cancellations as (
    select
        subscription_id,
        cancelled_at,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_plans__cancellations') }}
),

started as (
    select
        subscriptions.subscription_id,
        subscriptions.customer_id,
        subscriptions.product_id,
        subscriptions.plan_tier,
        subscriptions.monthly_price_cents,
        as_of_dates.as_of_date,
        subscriptions.started_at
    from as_of_dates
    inner join subscriptions
        on
            {{ known_as_of('subscriptions', 'as_of_dates.as_of_date') }}
            and subscriptions.started_at < cast(as_of_dates.as_of_date as timestamp)
),

final as (
    select
        started.subscription_id,
        started.customer_id,
        started.product_id,
        started.plan_tier,
        started.monthly_price_cents,
        started.as_of_date,
        started.started_at
    from started
    left join cancellations
        on
            started.subscription_id = cancellations.subscription_id
            and {{ known_as_of('cancellations', 'started.as_of_date') }}
            and cancellations.cancelled_at < cast(started.as_of_date as timestamp)
    where cancellations.subscription_id is null
)

select * from final
