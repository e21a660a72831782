with

predictions as (
    select
        review_id,
        model_version,
        score,
        is_predicted_positive,
        row_number() over (
            partition by review_id order by as_of_date desc, scored_at desc, model_version desc
        ) as newest_first
    from {{ ref('brz_predictions__review_sentiment') }}
),

final as (
    select
        review_id,
        model_version,
        score as positive_probability,
        is_predicted_positive
    from predictions
    where newest_first = 1
)

select * from final
