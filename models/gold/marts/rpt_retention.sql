with churn as (
    select
        customer_id,
        score,
        as_of_date
    from {{ ref('brz_predictions__churn') }}
),

features as (
    select
        customer_id,
        monthly_price_cents,
        as_of_date
    from {{ ref('ftr_customers') }}
),

outcomes as (
    select
        customer_id,
        is_churned,
        as_of_date
    from {{ ref('trn_churn') }}
),

ranked as (
    select
        features.customer_id,
        features.monthly_price_cents,
        churn.score,
        ntile(10) over (
            partition by features.as_of_date order by churn.score desc, features.customer_id asc
        ) as risk_decile,
        features.as_of_date
    from features
    inner join churn
        on
            features.customer_id = churn.customer_id
            and features.as_of_date = churn.as_of_date
),

final as (
    select
        cast(ranked.risk_decile as integer) as risk_decile,
        cast(count(*) as integer) as customers,
        cast(sum(ranked.monthly_price_cents) as bigint) as monthly_price_cents,
        cast(sum({{ exact('ranked.score') }}) as double) as expected_churners,
        cast(sum({{ exact('ranked.score') }}) as double) / count(*) as churn_probability,
        cast(count(outcomes.is_churned) as integer) as known_outcomes,
        cast(
            sum(case when outcomes.is_churned then 1 when not outcomes.is_churned then 0 end)
            as integer
        ) as actual_churners,
        ranked.as_of_date
    from ranked
    left join outcomes
        on
            ranked.customer_id = outcomes.customer_id
            and ranked.as_of_date = outcomes.as_of_date
    group by ranked.risk_decile, ranked.as_of_date
)

select * from final
