with tasks as (
    select
        session_id,
        task,
        attempt_number,
        customer_id,
        platform,
        outcome,
        task_seconds,
        started_at,
        ended_at
    from {{ ref('slv_app__tasks') }}
),

final as (
    select
        session_id,
        task,
        attempt_number,
        customer_id,
        platform,
        outcome,
        task_seconds,
        cast(started_at as date) as started_date,
        started_at,
        ended_at
    from tasks
)

select * from final
