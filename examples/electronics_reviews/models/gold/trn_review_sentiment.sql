with

features as (
    select
        review_id,
        full_text
    from {{ ref('ftr_reviews') }}
),

labels as (
    select
        review_id,
        is_positive
    from {{ ref('slv_reviews__reviews') }}
    where
        is_positive is not null
        and not is_repeated_text
),

final as (
    select
        features.review_id,
        features.full_text,
        labels.is_positive
    from features
    inner join labels on features.review_id = labels.review_id
)

select * from final
