with source as (
    select
        event_id,
        customer_id,
        session_id,
        platform,
        task,
        event_name,
        seconds,
        occurred_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('app', 'events') }}
)

select * from source
