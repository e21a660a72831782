with source as (
    select
        subscription_id,
        reason,
        cancelled_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('plans', 'cancellations') }}
)

select * from source
