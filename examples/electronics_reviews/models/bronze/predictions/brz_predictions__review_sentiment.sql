with

predictions as (
    select
        review_id,
        model_name,
        run_id,
        model_version,
        score,
        prediction as is_predicted_positive,
        as_of_date,
        scored_at
    from {{ source('predictions', 'review_sentiment') }}
),

final as (
    select * from predictions
)

select * from final
