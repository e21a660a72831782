with

features as (
    select
        photo_id,
        photo
    from {{ ref('ftr_screens') }}
),

labels as (
    select
        photo_id,
        photo_sha256,
        is_damaged
    from {{ ref('slv_screens__photos') }}
),

final as (
    select
        features.photo_id,
        labels.photo_sha256,
        features.photo,
        labels.is_damaged
    from features
    inner join labels on features.photo_id = labels.photo_id
)

select * from final
