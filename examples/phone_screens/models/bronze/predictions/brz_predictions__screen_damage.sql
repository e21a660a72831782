with

predictions as (
    select
        photo_id,
        model_name,
        run_id,
        model_version,
        score,
        prediction as is_told_damaged,
        as_of_date,
        scored_at
    from {{ source('predictions', 'screen_damage') }}
),

final as (
    select * from predictions
)

select * from final
