with

predictions as (
    select
        customer_id,
        model_version,
        score,
        as_of_date,
        row_number() over (
            partition by customer_id, as_of_date order by scored_at desc, model_version desc
        ) as newest_first
    from {{ ref('brz_predictions__repeat_purchase') }}
),

final as (
    select
        customer_id,
        case
            when score >= 0.75 then 'likely'
            when score >= 0.5 then 'rather likely'
            when score >= 0.25 then 'rather unlikely'
            else 'unlikely'
        end as likelihood_band,
        model_version,
        score as purchase_probability,
        as_of_date
    from predictions
    where newest_first = 1
)

select * from final
