with clock as (
    select clock_date
    from {{ ref('slv_calendar__clock') }}
),

days_met as (
    select cast(ordered_at as date) as date_day from {{ ref('slv_shop__orders') }}
    union all
    select cast(returned_at as date) as date_day from {{ ref('slv_shop__returns') }}
    union all
    select cast(started_at as date) as date_day from {{ ref('slv_plans__subscriptions') }}
    union all
    select cast(started_at as date) as date_day from {{ ref('slv_support__calls') }}
    union all
    select cast(requested_at as date) as date_day from {{ ref('slv_repairs__requests') }}
    union all
    select cast(occurred_at as date) as date_day from {{ ref('slv_app__session_events') }}
    union all
    select snapshot_date as date_day from {{ ref('slv_supply__inventory_snapshots') }}
    union all
    select clock_date as date_day from clock
),

years as (
    select
        cast(extract(year from min(date_day)) as integer) as first_year,
        cast(extract(year from max(date_day)) as integer) as last_year
    from days_met
),

edges as (
    select
        cast(concat(cast(first_year as string), '-01-01') as date) as first_date,
        cast(concat(cast(last_year as string), '-12-31') as date) as last_date
    from years
    where first_year is not null
),

days as (
    select {{ each_day('first_date', 'last_date') }} as date_day
    from edges
),

final as (
    select
        days.date_day,
        cast(extract(year from days.date_day) as integer) as year_number,
        cast(extract(quarter from days.date_day) as integer) as quarter_number,
        cast(extract(month from days.date_day) as integer) as month_number,
        {{ iso_weekday('days.date_day') }} as weekday_number,
        {{ iso_weekday('days.date_day') }} >= 6 as is_weekend,
        days.date_day <= clock.clock_date as is_past,
        cast(date_trunc('month', days.date_day) as date) as month_start_date
    from days
    cross join clock
)

select * from final
