with clock as (
    select
        first_date,
        clock_date
    from {{ ref('slv_calendar__clock') }}
),

days as (
    select
        clock_date,
        first_date,
        {{ each_day('first_date', 'clock_date') }} as as_of_date
    from clock
),

final as (
    select
        as_of_date = clock_date as is_latest,
        as_of_date
    from days
    where
        as_of_date > first_date
        and (extract(day from as_of_date) = 1 or as_of_date = clock_date)
)

select * from final
