with source as (
    select
        product_id,
        product_name,
        category,
        list_price_cents,
        unit_cost_cents,
        is_discontinued,
        launched_date,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('shop', 'products') }}
)

select * from source
