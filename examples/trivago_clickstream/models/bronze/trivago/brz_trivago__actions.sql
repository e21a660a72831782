with

source as (
    select
        user_id,
        session_id,
        "timestamp",
        step,
        action_type,
        reference,
        platform,
        city,
        device,
        _file,
        _row,
        _loaded_at
    from {{ source('trivago', 'actions') }}
),

final as (
    select
        -- A step can occur twice in a session of the site; at one second it does not.
        concat(session_id, '-', step, '-', "timestamp") as event_id,
        user_id,
        session_id as site_session_id,
        action_type,
        reference,
        platform,
        city,
        device,
        step,
        _file,
        _row,
        make_timestamp("timestamp" * 1000000) as occurred_at,
        -- The publisher does not say when an action reached it: taken to be at once.
        make_timestamp("timestamp" * 1000000) as delivered_at,
        _loaded_at
    from source
)

select * from final
