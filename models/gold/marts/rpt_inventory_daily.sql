with snapshots as (
    select
        store_id,
        product_id,
        on_hand_quantity,
        reserved_quantity,
        available_quantity,
        value_cents,
        snapshot_date
    from {{ ref('fct_inventory_snapshots') }}
),

products as (
    select
        product_id,
        category
    from {{ ref('dim_products') }}
),

sold as (
    select
        store_id,
        product_id,
        sum(quantity) as sold_quantity,
        ordered_date
    from {{ ref('fct_order_items') }}
    where is_completed
    group by store_id, product_id, ordered_date
),

final as (
    select
        snapshots.store_id,
        snapshots.product_id,
        products.category,
        snapshots.on_hand_quantity,
        snapshots.reserved_quantity,
        snapshots.available_quantity,
        snapshots.value_cents,
        cast(coalesce(sold.sold_quantity, 0) as bigint) as sold_quantity,
        snapshots.available_quantity <= 0 as is_out_of_stock,
        snapshots.snapshot_date
    from snapshots
    left join products on snapshots.product_id = products.product_id
    left join sold
        on
            snapshots.store_id = sold.store_id
            and snapshots.product_id = sold.product_id
            and snapshots.snapshot_date = sold.ordered_date
)

select * from final
