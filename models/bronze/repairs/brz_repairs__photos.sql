with source as (
    select
        content,
        size_bytes,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('repairs', 'photos') }}
),

final as (
    select
        _file as photo_path,
        regexp_extract(_file, '[^/]+$') as photo_file,
        sha256(content) as photo_sha256,
        content,
        size_bytes,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from source
)

select * from final
