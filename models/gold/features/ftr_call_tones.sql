with calls as (
    select
        call_id,
        as_of_date,
        known_at
    from {{ ref('ftr_calls') }}
),

-- What was told by a model that had learnt from the call, or from later ones, is no feature.
tones as (
    select
        call_id,
        feature_score,
        as_of_date
    from {{ ref('brz_predictions__call_sentiment') }}
    where learnt_until < as_of_date
),

final as (
    select
        calls.call_id,
        tones.feature_score as negative_tone,
        calls.as_of_date,
        calls.known_at
    from calls
    inner join tones
        on
            calls.call_id = tones.call_id
            and calls.as_of_date = tones.as_of_date
)

select * from final
