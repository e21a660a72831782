with

accounts as (
    select
        customer_id,
        contract,
        monthly_charges_cents,
        is_churned
    from {{ ref('slv_customers__accounts') }}
),

scores as (
    select
        customer_id,
        risk_band,
        churn_probability
    from {{ ref('slv_customers__churn_scores') }}
),

scored_accounts as (
    select
        accounts.contract,
        scores.risk_band,
        scores.churn_probability,
        accounts.monthly_charges_cents,
        accounts.is_churned
    from accounts
    inner join scores on accounts.customer_id = scores.customer_id
),

final as (
    select
        contract,
        risk_band,
        count(*) as customers,
        sum(churn_probability) as expected_leavers,
        count(case when is_churned then 1 end) as actual_leavers,
        cast(sum(monthly_charges_cents) as bigint) as monthly_charges_cents,
        cast(round(sum(churn_probability * monthly_charges_cents)) as bigint)
            as monthly_charges_at_risk_cents
    from scored_accounts
    group by contract, risk_band
)

select * from final
