with

predictions as (
    select
        question_id,
        predicted_intent,
        model_version,
        score,
        row_number() over (
            partition by question_id order by scored_at desc, model_version desc, as_of_date desc
        ) as newest_first
    from {{ ref('brz_predictions__question_intent') }}
),

final as (
    select
        question_id,
        predicted_intent,
        model_version,
        score as intent_probability
    from predictions
    where newest_first = 1
)

select * from final
