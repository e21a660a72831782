with

hours as (
    select
        hour_id,
        hour_of_day,
        weekday,
        month_of_year,
        weather,
        temperature,
        humidity,
        wind_speed,
        rentals_week_ago,
        is_holiday,
        is_working_day,
        hour_at
    from {{ ref('trn_hour_demand') }}
),

newest as (
    select max(hour_at) - interval '7 days' as week_starts_at
    from hours
),

final as (
    select
        hours.hour_id,
        hours.hour_of_day,
        hours.weekday,
        hours.month_of_year,
        hours.weather,
        hours.temperature,
        hours.humidity,
        hours.wind_speed,
        hours.rentals_week_ago,
        hours.is_holiday,
        hours.is_working_day,
        hours.hour_at
    from hours
    inner join newest on hours.hour_at > newest.week_starts_at
)

select * from final
