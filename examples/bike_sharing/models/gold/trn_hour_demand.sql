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
        hour_at
    from {{ ref('slv_bikes__hours') }}
),

-- What was a week ago: the value that a seasonal-naive forecast tells.
week_ago as (
    select
        rentals as rentals_week_ago,
        hour_at + interval '7 days' as hour_at
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
        coalesce(week_ago.rentals_week_ago, 0) as rentals_week_ago,
        hours.rentals,
        hours.is_holiday,
        hours.is_working_day,
        hours.hour_at
    from hours
    left join week_ago on hours.hour_at = week_ago.hour_at
    where hours.hour_at >= timestamp '2011-01-08 00:00:00'
)

select * from final
