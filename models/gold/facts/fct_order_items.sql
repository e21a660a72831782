with items as (
    select
        order_id,
        line_number,
        product_id,
        quantity,
        unit_price_cents,
        discount_cents
    from {{ ref('slv_shop__order_items') }}
    where is_current
),

orders as (
    select
        order_id,
        customer_id,
        store_id,
        order_status,
        payment_method,
        currency_code,
        ordered_at
    from {{ ref('slv_shop__orders') }}
    where is_current
),

-- The first extract speaks for all time before it.
costs as (
    select
        product_id,
        unit_cost_cents,
        case
            when version_number = 1 then cast('0001-01-01' as timestamp) else _delivered_at
        end as valid_from_at,
        coalesce(_superseded_at, cast('9999-12-31' as timestamp)) as valid_to_at
    from {{ ref('slv_shop__products') }}
),

costed as (
    select
        items.order_id,
        items.line_number,
        orders.customer_id,
        orders.store_id,
        items.product_id,
        orders.order_status,
        orders.payment_method,
        orders.currency_code,
        items.quantity,
        items.unit_price_cents,
        items.discount_cents,
        costs.unit_cost_cents,
        orders.order_status = 'completed' as is_completed,
        orders.ordered_at
    from items
    inner join orders on items.order_id = orders.order_id
    left join costs
        on
            items.product_id = costs.product_id
            and orders.ordered_at >= costs.valid_from_at
            and orders.ordered_at < costs.valid_to_at
),

valued as (
    select
        *,
        case when is_completed then quantity * unit_price_cents - discount_cents else 0 end
            as revenue_cents,
        case when is_completed then quantity * unit_cost_cents else 0 end as cost_cents
    from costed
),

final as (
    select
        order_id,
        line_number,
        customer_id,
        store_id,
        product_id,
        order_status,
        payment_method,
        currency_code,
        quantity,
        unit_price_cents,
        discount_cents,
        cast(revenue_cents as bigint) as revenue_cents,
        cast(cost_cents as bigint) as cost_cents,
        cast(revenue_cents - cost_cents as bigint) as margin_cents,
        is_completed,
        cast(ordered_at as date) as ordered_date,
        ordered_at
    from valued
)

select * from final
