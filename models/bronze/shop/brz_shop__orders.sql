with source as (
    select
        order_id,
        customer_id,
        store_id,
        status,
        payment_method,
        currency,
        ordered_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('shop', 'orders') }}
)

select * from source
