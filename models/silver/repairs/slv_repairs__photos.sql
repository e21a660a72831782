with cleaned as (
    select
        photo_file,
        photo_path,
        photo_sha256,
        size_bytes,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_repairs__photos') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['photo_file'],
        content=['photo_path', 'photo_sha256', 'size_bytes']
    ) }}
)

select * from final
