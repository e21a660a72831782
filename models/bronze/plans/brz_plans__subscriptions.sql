with source as (
    select
        subscription_id,
        customer_id,
        product_id,
        plan_tier,
        monthly_price_cents,
        started_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('plans', 'subscriptions') }}
)

select * from source
