with

hours as (
    select
        instant as hour_id,
        cnt as rentals,
        hr as hour_of_day,
        weekday,
        mnth as month_of_year,
        weathersit as weather,
        temp as temperature,
        hum as humidity,
        windspeed as wind_speed,
        holiday = 1 as is_holiday,
        workingday = 1 as is_working_day,
        cast(dteday as timestamp) + to_hours(hr) as hour_at,
        _delivered_at
    from {{ source('bikes', 'hours') }}
),

final as (
    select * from hours
)

select * from final
