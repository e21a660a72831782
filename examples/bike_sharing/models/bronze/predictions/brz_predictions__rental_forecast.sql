with

predictions as (
    select
        city_id,
        model_name,
        run_id,
        model_version,
        method,
        step,
        prediction as rentals,
        low as rentals_low,
        high as rentals_high,
        as_of_date,
        forecast_at as hour_at,
        scored_at
    from {{ source('predictions', 'rental_forecast') }}
),

final as (
    select * from predictions
)

select * from final
