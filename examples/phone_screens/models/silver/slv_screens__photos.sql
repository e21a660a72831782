with

photos as (
    select
        photo_id,
        photo_sha256,
        photo,
        _delivered_at
    from {{ ref('brz_screens__photos') }}
),

final as (
    select
        photo_id,
        photo_sha256,
        photo,
        photo_id like 'mobile_damaged/%' as is_damaged,
        cast(_delivered_at as date) as delivered_date
    from photos
)

select * from final
