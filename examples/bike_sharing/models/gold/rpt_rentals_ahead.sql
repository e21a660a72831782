with

forecasts as (
    select
        city_id,
        model_version,
        rentals,
        as_of_date,
        hour_at
    from {{ ref('brz_predictions__rental_forecast') }}
),

newest as (
    select
        city_id,
        max(as_of_date) as as_of_date,
        max(model_version) as model_version
    from forecasts
    group by city_id
),

final as (
    select
        forecasts.city_id,
        sum(forecasts.rentals) as rentals,
        cast(forecasts.hour_at as date) as rental_date
    from forecasts
    inner join newest
        on
            forecasts.city_id = newest.city_id
            and forecasts.as_of_date = newest.as_of_date
            and forecasts.model_version = newest.model_version
    group by forecasts.city_id, cast(forecasts.hour_at as date)
)

select * from final
