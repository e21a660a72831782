with

ratings as (
    select
        user_id,
        item_id,
        rating,
        rated_at,
        _delivered_at
    from {{ ref('brz_movielens__ratings') }}
),

ranked as (
    select
        user_id,
        item_id,
        rating,
        rated_at,
        row_number() over (
            partition by user_id, item_id
            order by rated_at desc, _delivered_at desc
        ) as newest
    from ratings
),

final as (
    select
        user_id,
        item_id,
        rating,
        rated_at
    from ranked
    where newest = 1
)

select * from final
