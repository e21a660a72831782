with

ratings as (
    select
        user_id,
        rated_at
    from {{ ref('slv_films__ratings') }}
),

today as (
    select cast(max(rated_at) as date) as as_of_date
    from ratings
),

users as (
    select distinct user_id
    from ratings
),

final as (
    select
        users.user_id,
        today.as_of_date
    from users
    cross join today
)

select * from final
