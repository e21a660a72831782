with calls as (
    select
        call_id,
        customer_id,
        agent_id,
        topic,
        duration_seconds,
        satisfaction_rating,
        is_resolved,
        started_at
    from {{ ref('slv_support__calls') }}
    where is_current
),

tones as (
    select
        call_id,
        model_version,
        score,
        prediction,
        as_of_date
    from {{ ref('brz_predictions__call_sentiment') }}
),

scored_as as (
    select
        call_id,
        as_of_date
    from {{ ref('ftr_calls') }}
),

final as (
    select
        calls.call_id,
        calls.customer_id,
        calls.agent_id,
        calls.topic,
        calls.duration_seconds,
        calls.satisfaction_rating,
        tones.score as negative_tone_score,
        tones.model_version as tone_model_version,
        calls.is_resolved,
        tones.prediction as is_predicted_negative,
        cast(calls.started_at as date) as started_date,
        calls.started_at
    from calls
    left join scored_as on calls.call_id = scored_as.call_id
    left join tones
        on
            scored_as.call_id = tones.call_id
            and scored_as.as_of_date = tones.as_of_date
)

select * from final
