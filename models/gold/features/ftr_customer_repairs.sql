with as_of_dates as (
    select as_of_date
    from {{ ref('slv_calendar__as_of_dates') }}
),

requests as (
    select
        customer_id,
        requested_at,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_repairs__requests') }}
    where customer_id is not null
),

final as (
    select
        requests.customer_id,
        cast(count(*) as integer) as repairs_180_days,
        as_of_dates.as_of_date
    from as_of_dates
    inner join requests
        on
            {{ happened_within('requests.requested_at', 180, 'as_of_dates.as_of_date') }}
            and {{ known_as_of('requests', 'as_of_dates.as_of_date') }}
    group by requests.customer_id, as_of_dates.as_of_date
)

select * from final
