with

reviews as (
    select
        review_id,
        product_id,
        product_name,
        rating,
        is_positive
    from {{ ref('slv_reviews__reviews') }}
),

scores as (
    select
        review_id,
        positive_probability,
        is_predicted_positive
    from {{ ref('slv_reviews__sentiment_scores') }}
),

final as (
    select
        reviews.product_id,
        max(reviews.product_name) as product_name,
        count(*) as reviews,
        cast(avg(reviews.rating) as double) as average_rating,
        avg(scores.positive_probability) as average_positive_probability,
        count(case when scores.is_predicted_positive then 1 end) as predicted_positive_reviews,
        count(case when scores.is_predicted_positive <> reviews.is_positive then 1 end)
            as contradicting_reviews
    from reviews
    inner join scores on reviews.review_id = scores.review_id
    group by reviews.product_id
)

select * from final
