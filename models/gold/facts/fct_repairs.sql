with requests as (
    select
        repair_id,
        customer_id,
        product_id,
        photo_file,
        reported_issue,
        damage_grade,
        requested_at
    from {{ ref('slv_repairs__requests') }}
    where is_current
),

photos as (
    select
        photo_file,
        photo_path,
        photo_sha256,
        size_bytes
    from {{ ref('slv_repairs__photos') }}
    where is_current
),

final as (
    select
        requests.repair_id,
        requests.customer_id,
        requests.product_id,
        requests.reported_issue,
        photos.photo_path,
        photos.photo_sha256,
        requests.damage_grade,
        photos.size_bytes as photo_bytes,
        photos.photo_file is not null as has_photo,
        cast(requests.requested_at as date) as requested_date,
        requests.requested_at
    from requests
    left join photos on requests.photo_file = photos.photo_file
)

select * from final
