with source as (
    select
        purchase_order_id,
        supplier_name,
        status,
        lines,
        expected_date,
        ordered_at,
        received_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('supply', 'purchase_orders') }}
)

select * from source
