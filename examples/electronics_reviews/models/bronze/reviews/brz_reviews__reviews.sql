with

files as (
    select
        content,
        _file,
        _delivered_at
    from {{ source('reviews', 'files') }}
),

split_files as (
    select
        regexp_extract_all(content, '(?s)<review>(.*?)</review>', 1) as file_blocks,
        _file,
        _delivered_at
    from files
),

blocks as (
    select
        unnest(file_blocks) as block,
        unnest(range(1, len(file_blocks) + 1)) as review_number,
        _file,
        _delivered_at
    from split_files
),

fields as (
    select
        {{ review_field('block', 'unique_id') }} as review_id,
        {{ review_field('block', 'asin') }} as product_id,
        {{ review_field('block', 'product_name') }} as product_name,
        {{ review_field('block', 'product_type') }} as product_type,
        {{ review_field('block', 'title') }} as title,
        {{ review_field('block', 'review_text') }} as review_text,
        {{ review_field('block', 'reviewer') }} as reviewer_name,
        {{ review_field('block', 'reviewer_location') }} as reviewer_location,
        cast({{ review_field('block', 'rating') }} as decimal(2, 1)) as rating,
        review_number,
        cast(strptime({{ review_field('block', 'date') }}, '%B %-d, %Y') as date) as reviewed_date,
        _file,
        _delivered_at
    from blocks
),

final as (
    select * from fields
)

select * from final
