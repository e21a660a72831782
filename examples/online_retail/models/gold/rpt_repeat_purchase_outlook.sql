with

scores as (
    select
        customer_id,
        likelihood_band,
        purchase_probability,
        as_of_date
    from {{ ref('slv_sales__repeat_purchase_scores') }}
),

outcomes as (
    select
        customer_id,
        case when is_repeat_purchase then 1 else 0 end as buyers,
        as_of_date
    from {{ ref('trn_repeat_purchase') }}
),

final as (
    select
        scores.as_of_date,
        scores.likelihood_band,
        count(*) as customers,
        sum(scores.purchase_probability) as expected_buyers,
        -- Null, not zero, while the sixty days are not over.
        cast(sum(outcomes.buyers) as bigint) as actual_buyers
    from scores
    left join outcomes
        on
            scores.customer_id = outcomes.customer_id
            and scores.as_of_date = outcomes.as_of_date
    group by scores.as_of_date, scores.likelihood_band
)

select * from final
