with

reviews as (
    select
        review_id,
        full_text,
        reviewed_date,
        delivered_date
    from {{ ref('slv_reviews__reviews') }}
),

final as (
    select
        review_id,
        full_text,
        -- A review speaks of the day it was written; an undated one was known when it arrived.
        coalesce(reviewed_date, delivered_date) as as_of_date
    from reviews
)

select * from final
