with

predictions as (
    select
        question_id,
        prediction as predicted_intent,
        model_name,
        run_id,
        model_version,
        score,
        as_of_date,
        scored_at
    from {{ source('predictions', 'question_intent') }}
),

final as (
    select * from predictions
)

select * from final
