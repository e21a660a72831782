with

predictions as (
    select
        customer_id,
        model_version,
        score,
        as_of_date,
        row_number() over (
            partition by customer_id order by as_of_date desc, scored_at desc, model_version desc
        ) as newest_first
    from {{ ref('brz_predictions__churn') }}
),

final as (
    select
        customer_id,
        case
            when score >= 0.5 then 'high'
            when score >= 0.25 then 'medium'
            else 'low'
        end as risk_band,
        model_version,
        score as churn_probability,
        as_of_date
    from predictions
    where newest_first = 1
)

select * from final
