with as_of_dates as (
    select as_of_date
    from {{ ref('slv_calendar__as_of_dates') }}
),

orders as (
    select
        order_id,
        customer_id,
        order_status,
        ordered_at,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_shop__orders') }}
    where customer_id is not null
),

items as (
    select
        order_id,
        quantity,
        unit_price_cents,
        discount_cents,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_shop__order_items') }}
),

known as (
    select
        orders.order_id,
        orders.customer_id,
        as_of_dates.as_of_date
    from as_of_dates
    inner join orders
        on
            {{ happened_within('orders.ordered_at', 180, 'as_of_dates.as_of_date') }}
            and {{ known_as_of('orders', 'as_of_dates.as_of_date') }}
    where orders.order_status = 'completed'
),

spent as (
    select
        known.order_id,
        known.customer_id,
        sum(items.quantity * items.unit_price_cents - items.discount_cents) as spend_cents,
        known.as_of_date
    from known
    left join items
        on
            known.order_id = items.order_id
            and {{ known_as_of('items', 'known.as_of_date') }}
    group by known.order_id, known.customer_id, known.as_of_date
),

final as (
    select
        customer_id,
        cast(count(*) as integer) as orders_180_days,
        cast(coalesce(sum(spend_cents), 0) as bigint) as spend_180_days_cents,
        as_of_date
    from spent
    group by customer_id, as_of_date
)

select * from final
