with source as (
    select
        customer_id,
        purpose,
        is_granted,
        recorded_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('privacy', 'consents') }}
)

select * from source
