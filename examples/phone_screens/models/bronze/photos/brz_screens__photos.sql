with

photos as (
    select
        content,
        size_bytes,
        _file,
        _row,
        _delivered_at
    from {{ source('screens', 'photos') }}
),

final as (
    select
        _file as photo_id,
        sha256(content) as photo_sha256,
        content as photo,
        size_bytes,
        _file,
        _row,
        _delivered_at
    from photos
)

select * from final
