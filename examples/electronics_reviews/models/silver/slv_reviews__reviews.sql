with

reviews as (
    select
        {{ unescape_html('review_id') }} as review_id,
        product_id,
        {{ unescape_html('product_name') }} as product_name,
        {{ unescape_html('title') }} as title,
        {{ unescape_html('review_text') }} as review_text,
        rating,
        review_number,
        reviewed_date,
        _file,
        _delivered_at
    from {{ ref('brz_reviews__reviews') }}
),

delivered as (
    select
        *,
        row_number() over (
            partition by review_id
            order by _delivered_at desc, _file desc, review_number desc
        ) as newest_first
    from reviews
),

compared as (
    select
        *,
        row_number() over (partition by review_text order by review_id) as equal_text_number
    from delivered
    where newest_first = 1
),

final as (
    select
        review_id,
        product_id,
        product_name,
        title,
        review_text,
        concat(coalesce(title, ''), chr(10), review_text) as full_text,
        rating,
        case when rating > 3 then true when rating < 3 then false end as is_positive,
        -- One text is sometimes posted under several products.
        equal_text_number > 1 as is_repeated_text,
        reviewed_date,
        cast(_delivered_at as date) as delivered_date
    from compared
)

select * from final
