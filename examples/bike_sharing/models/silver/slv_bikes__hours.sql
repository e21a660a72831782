with

hours as (
    select
        hour_id,
        rentals,
        hour_of_day,
        weekday,
        month_of_year,
        weather,
        temperature,
        humidity,
        wind_speed,
        is_holiday,
        is_working_day,
        hour_at,
        _delivered_at
    from {{ ref('brz_bikes__hours') }}
),

ranked as (
    select
        hour_id,
        rentals,
        hour_of_day,
        weekday,
        month_of_year,
        weather,
        temperature,
        humidity,
        wind_speed,
        is_holiday,
        is_working_day,
        hour_at,
        row_number() over (partition by hour_id order by _delivered_at desc) as newest
    from hours
),

final as (
    select
        hour_id,
        rentals,
        hour_of_day,
        weekday,
        month_of_year,
        weather,
        temperature,
        humidity,
        wind_speed,
        is_holiday,
        is_working_day,
        hour_at
    from ranked
    where newest = 1
)

select * from final
