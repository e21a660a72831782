with source as (
    select
        repair_id,
        customer_id,
        product_id,
        photo_file,
        reported_issue,
        damage_grade,
        requested_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('repairs', 'requests') }}
)

select * from source
