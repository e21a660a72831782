with source as (
    select
        store_id,
        product_id,
        on_hand_quantity,
        reserved_quantity,
        snapshot_date,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('supply', 'inventory_snapshots') }}
)

select * from source
