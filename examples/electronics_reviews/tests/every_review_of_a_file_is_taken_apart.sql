-- A review whose closing tag is missing would be swallowed by the one before it, unseen.
with

files as (
    select
        _file,
        len(regexp_extract_all(content, '<review>')) as reviews_in_file
    from {{ source('reviews', 'files') }}
),

reviews as (
    select
        _file,
        count(*) as reviews_taken_apart
    from {{ ref('brz_reviews__reviews') }}
    group by _file
),

final as (
    select
        files._file,
        files.reviews_in_file,
        reviews.reviews_taken_apart
    from files
    left join reviews on files._file = reviews._file
    where files.reviews_in_file <> coalesce(reviews.reviews_taken_apart, 0)
)

select * from final
