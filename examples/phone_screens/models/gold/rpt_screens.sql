with

photos as (
    select
        photo_id,
        is_damaged
    from {{ ref('slv_screens__photos') }}
),

predictions as (
    select
        photo_id,
        is_told_damaged,
        damage_probability
    from {{ ref('slv_screens__predictions') }}
),

final as (
    select
        photos.is_damaged,
        count(*) as photos,
        count(predictions.photo_id) as told_photos,
        count(case when predictions.is_told_damaged then 1 end) as damaged_told_photos,
        avg(predictions.damage_probability) as average_probability
    from photos
    left join predictions on photos.photo_id = predictions.photo_id
    group by photos.is_damaged
)

select * from final
