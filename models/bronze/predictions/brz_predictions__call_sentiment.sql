with predictions as (
    select
        call_id,
        model_name,
        run_id,
        model_version,
        score,
        feature_score,
        prediction,
        feature_prediction,
        as_of_date,
        scored_at,
        learnt_until
    from {{ source('predictions', 'call_sentiment') }}
),

-- What was told before stays in the source; readers see what was scored last, which after a
-- rollback an older version says.
placed as (
    select
        *,
        row_number() over (
            partition by call_id, as_of_date order by scored_at desc, model_version desc
        ) as place
    from predictions
),

final as (
    select
        call_id,
        model_name,
        run_id,
        model_version,
        score,
        feature_score,
        prediction,
        feature_prediction,
        as_of_date,
        scored_at,
        learnt_until
    from placed
    where place = 1
)

select * from final
