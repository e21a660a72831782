with items as (
    select
        order_id,
        store_id,
        product_id,
        quantity,
        discount_cents,
        revenue_cents,
        cost_cents,
        margin_cents,
        ordered_date
    from {{ ref('fct_order_items') }}
    where is_completed
),

returns as (
    select
        store_id,
        product_id,
        quantity,
        refund_cents,
        returned_date
    from {{ ref('fct_returns') }}
),

products as (
    select
        product_id,
        category
    from {{ ref('dim_products') }}
),

-- Sales stand on the day of the order, refunds on the day of the return.
movements as (
    select
        store_id,
        product_id,
        order_id,
        quantity as sold_quantity,
        discount_cents,
        revenue_cents,
        cost_cents,
        margin_cents,
        0 as returned_quantity,
        0 as refund_cents,
        ordered_date as sales_date
    from items
    union all
    select
        store_id,
        product_id,
        null as order_id,
        0 as sold_quantity,
        0 as discount_cents,
        0 as revenue_cents,
        0 as cost_cents,
        0 as margin_cents,
        quantity as returned_quantity,
        refund_cents,
        returned_date as sales_date
    from returns
),

final as (
    select
        coalesce(movements.store_id, 'unknown') as store_id,
        coalesce(products.category, 'unknown') as category,
        cast(count(distinct movements.order_id) as integer) as orders,
        cast(sum(movements.sold_quantity) as bigint) as sold_quantity,
        cast(sum(movements.discount_cents) as bigint) as discount_cents,
        cast(sum(movements.revenue_cents) as bigint) as revenue_cents,
        cast(coalesce(sum(movements.cost_cents), 0) as bigint) as cost_cents,
        cast(coalesce(sum(movements.margin_cents), 0) as bigint) as margin_cents,
        cast(coalesce(sum(movements.returned_quantity), 0) as bigint) as returned_quantity,
        cast(coalesce(sum(movements.refund_cents), 0) as bigint) as refund_cents,
        movements.sales_date
    from movements
    left join products on movements.product_id = products.product_id
    group by
        coalesce(movements.store_id, 'unknown'),
        coalesce(products.category, 'unknown'),
        movements.sales_date
)

select * from final
