with subscriptions as (
    select
        subscription_id,
        customer_id,
        product_id,
        plan_tier,
        monthly_price_cents,
        started_at
    from {{ ref('slv_plans__subscriptions') }}
    where is_current
),

cancellations as (
    select
        subscription_id,
        cancellation_reason,
        cancelled_at
    from {{ ref('slv_plans__cancellations') }}
    where is_current
),

final as (
    select
        subscriptions.subscription_id,
        subscriptions.customer_id,
        subscriptions.product_id,
        subscriptions.plan_tier,
        cancellations.cancellation_reason,
        subscriptions.monthly_price_cents,
        cancellations.subscription_id is not null as is_cancelled,
        cast(subscriptions.started_at as date) as started_date,
        cast(cancellations.cancelled_at as date) as cancelled_date,
        subscriptions.started_at,
        cancellations.cancelled_at
    from subscriptions
    left join cancellations on subscriptions.subscription_id = cancellations.subscription_id
)

select * from final
