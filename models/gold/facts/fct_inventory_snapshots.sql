with snapshots as (
    select
        store_id,
        product_id,
        on_hand_quantity,
        reserved_quantity,
        snapshot_date
    from {{ ref('slv_supply__inventory_snapshots') }}
    where is_current
),

costs as (
    select
        product_id,
        unit_cost_cents
    from {{ ref('dim_products') }}
),

final as (
    select
        snapshots.store_id,
        snapshots.product_id,
        snapshots.on_hand_quantity,
        snapshots.reserved_quantity,
        cast(snapshots.on_hand_quantity - snapshots.reserved_quantity as integer)
            as available_quantity,
        cast(snapshots.on_hand_quantity * costs.unit_cost_cents as bigint) as value_cents,
        snapshots.snapshot_date
    from snapshots
    left join costs on snapshots.product_id = costs.product_id
)

select * from final
