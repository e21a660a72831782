with predictions as (
    select
        call_id,
        model_name,
        run_id,
        model_version,
        score,
        prediction,
        as_of_date,
        scored_at
    from {{ source('predictions', 'call_sentiment') }}
),

-- Older versions stay in the source; readers see what the newest one says.
placed as (
    select
        *,
        row_number() over (
            partition by call_id, as_of_date order by model_version desc, scored_at desc
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
        prediction,
        as_of_date,
        scored_at
    from placed
    where place = 1
)

select * from final
