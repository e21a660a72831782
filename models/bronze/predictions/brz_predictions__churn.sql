with predictions as (
    select
        customer_id,
        model_name,
        run_id,
        model_version,
        score,
        prediction,
        as_of_date,
        scored_at
    from {{ source('predictions', 'churn') }}
),

-- What was told before stays in the source; readers see what was scored last, which after a
-- rollback an older version says.
placed as (
    select
        *,
        row_number() over (
            partition by customer_id, as_of_date order by scored_at desc, model_version desc
        ) as place
    from predictions
),

final as (
    select
        customer_id,
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
