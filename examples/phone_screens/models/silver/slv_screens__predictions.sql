with

predictions as (
    select
        photo_id,
        is_told_damaged,
        model_version,
        score,
        row_number() over (
            partition by photo_id order by scored_at desc, model_version desc, as_of_date desc
        ) as newest_first
    from {{ ref('brz_predictions__screen_damage') }}
),

final as (
    select
        photo_id,
        is_told_damaged,
        model_version,
        score as damage_probability
    from predictions
    where newest_first = 1
)

select * from final
