with

predictions as (
    select
        session_id,
        model_name,
        run_id,
        model_version,
        prediction as session_kind,
        score as kind_distance,
        as_of_date,
        scored_at
    from {{ source('predictions', 'session_kind') }}
),

final as (
    select * from predictions
)

select * from final
