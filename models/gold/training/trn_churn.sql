with clock as (
    select clock_date
    from {{ ref('slv_calendar__clock') }}
),

-- Every column, so that no feature can be learnt from without being scored on.
features as (
    select *
    from {{ ref('ftr_customers') }}
),

running as (
    select
        subscription_id,
        customer_id,
        as_of_date
    from {{ ref('slv_plans__subscriptions_running') }}
),

cancellations as (
    select
        subscription_id,
        cancelled_at
    from {{ ref('slv_plans__cancellations') }}
    where is_current
),

-- A plan that had ended before the as-of date, although nobody knew it yet, cannot be lost again.
at_risk as (
    select
        running.customer_id,
        cancellations.cancelled_at
        < cast({{ add_days('running.as_of_date', 30) }} as timestamp) as is_lost,
        running.as_of_date
    from running
    left join cancellations on running.subscription_id = cancellations.subscription_id
    where
        cancellations.cancelled_at is null
        or cancellations.cancelled_at >= cast(running.as_of_date as timestamp)
),

labels as (
    select
        customer_id,
        min(case when is_lost then 1 else 0 end) = 1 as is_churned,
        as_of_date
    from at_risk
    group by customer_id, as_of_date
),

final as (
    select
        features.*,
        labels.is_churned
    from features
    inner join labels
        on
            features.customer_id = labels.customer_id
            and features.as_of_date = labels.as_of_date
    cross join clock
    where {{ add_days('features.as_of_date', 30) }} <= clock.clock_date
)

select * from final -- noqa: AM04
