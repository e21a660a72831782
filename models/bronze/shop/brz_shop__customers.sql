with source as (
    select
        customer_id,
        full_name,
        email,
        phone,
        country_code,
        city,
        customer_type,
        birth_year,
        is_marketing_opt_in,
        signed_up_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('shop', 'customers') }}
)

select * from source
