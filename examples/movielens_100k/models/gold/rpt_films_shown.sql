with

shown as (
    select
        user_id,
        item_id,
        film_rank
    from {{ ref('slv_films__next_films') }}
),

final as (
    select
        item_id,
        count(*) as viewers,
        min(film_rank) as best_rank
    from shown
    group by item_id
)

select * from final
