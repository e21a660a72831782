with running as (
    select
        customer_id,
        plan_tier,
        monthly_price_cents,
        as_of_date,
        started_at
    from {{ ref('slv_plans__subscriptions_running') }}
),

ranked as (
    select
        *,
        case plan_tier when 'premium' then 3 when 'plus' then 2 when 'basic' then 1 else 0 end
            as tier_rank
    from running
),

summed as (
    select
        customer_id,
        max(tier_rank) as tier_rank,
        count(*) as running_plans,
        sum(monthly_price_cents) as monthly_price_cents,
        min(started_at) as first_started_at,
        as_of_date
    from ranked
    group by customer_id, as_of_date
),

final as (
    select
        customer_id,
        case tier_rank
            when 3 then 'premium'
            when 2 then 'plus'
            when 1 then 'basic'
            else 'unknown'
        end as plan_tier,
        cast(running_plans as integer) as running_plans,
        cast(monthly_price_cents as bigint) as monthly_price_cents,
        {{ days_between('cast(first_started_at as date)', 'as_of_date') }} as tenure_days,
        as_of_date
    from summed
)

select * from final
