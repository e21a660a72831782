with

ratings as (
    select
        user_id,
        item_id,
        rating,
        rated_at
    from {{ ref('slv_films__ratings') }}
),

final as (
    select * from ratings
)

select * from final
