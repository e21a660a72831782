with

predictions as (
    select
        session_id,
        model_name,
        run_id,
        model_version,
        score,
        prediction as is_predicted_clickout,
        as_of_date,
        scored_at
    from {{ source('predictions', 'clickout') }}
),

final as (
    select * from predictions
)

select * from final
