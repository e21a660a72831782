with

predictions as (
    select
        user_id,
        item_id,
        model_version,
        film_rank,
        is_fallback,
        as_of_date
    from {{ ref('brz_predictions__next_films') }}
),

newest as (
    select
        user_id,
        max(as_of_date) as as_of_date,
        max(model_version) as model_version
    from predictions
    group by user_id
),

final as (
    select
        predictions.user_id,
        predictions.item_id,
        predictions.film_rank,
        predictions.is_fallback,
        predictions.as_of_date
    from predictions
    inner join newest
        on
            predictions.user_id = newest.user_id
            and predictions.as_of_date = newest.as_of_date
            and predictions.model_version = newest.model_version
)

select * from final
