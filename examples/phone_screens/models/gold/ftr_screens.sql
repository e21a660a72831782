with

photos as (
    select
        photo_id,
        photo,
        delivered_date
    from {{ ref('slv_screens__photos') }}
),

final as (
    select
        photo_id,
        photo,
        delivered_date as as_of_date
    from photos
)

select * from final
