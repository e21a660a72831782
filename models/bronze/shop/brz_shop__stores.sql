with source as (
    select
        store_id,
        store_name,
        channel,
        country_code,
        city,
        opened_date,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('shop', 'stores') }}
)

select * from source
