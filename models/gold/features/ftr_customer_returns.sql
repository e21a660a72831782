with as_of_dates as (
    select as_of_date
    from {{ ref('slv_calendar__as_of_dates') }}
),

returns as (
    select
        order_id,
        refund_cents,
        returned_at,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_shop__returns') }}
),

orders as (
    select
        order_id,
        customer_id,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_shop__orders') }}
    where customer_id is not null
),

known as (
    select
        returns.order_id,
        returns.refund_cents,
        as_of_dates.as_of_date
    from as_of_dates
    inner join returns
        on
            {{ happened_within('returns.returned_at', 180, 'as_of_dates.as_of_date') }}
            and {{ known_as_of('returns', 'as_of_dates.as_of_date') }}
),

final as (
    select
        orders.customer_id,
        cast(count(*) as integer) as returns_180_days,
        cast(coalesce(sum(known.refund_cents), 0) as bigint) as refund_180_days_cents,
        known.as_of_date
    from known
    inner join orders
        on
            known.order_id = orders.order_id
            and {{ known_as_of('orders', 'known.as_of_date') }}
    group by orders.customer_id, known.as_of_date
)

select * from final
