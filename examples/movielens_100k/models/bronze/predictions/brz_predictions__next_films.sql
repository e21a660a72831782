with

predictions as (
    select
        user_id,
        cast(item as integer) as item_id,
        model_name,
        run_id,
        model_version,
        rank as film_rank,
        score,
        is_fallback,
        as_of_date,
        scored_at
    from {{ source('predictions', 'next_films') }}
),

final as (
    select * from predictions
)

select * from final
