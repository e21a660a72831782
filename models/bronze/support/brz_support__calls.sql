with source as (
    select
        call_id,
        customer_id,
        agent_id,
        topic,
        transcript,
        duration_seconds,
        satisfaction_rating,
        is_resolved,
        started_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('support', 'calls') }}
)

select * from source
