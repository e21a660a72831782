with events as (
    select
        session_id,
        customer_id,
        platform,
        event_name,
        task_seconds,
        occurred_at
    from {{ ref('slv_app__session_events') }}
),

final as (
    select
        session_id,
        customer_id,
        min(platform) as platform,
        cast(count(*) as integer) as event_count,
        cast(sum(case when event_name = 'task_started' then 1 else 0 end) as integer)
            as started_tasks,
        cast(sum(case when event_name = 'task_completed' then 1 else 0 end) as integer)
            as completed_tasks,
        cast(sum(case when event_name = 'task_abandoned' then 1 else 0 end) as integer)
            as abandoned_tasks,
        cast(coalesce(sum({{ exact('task_seconds', 3) }}), 0) as double) as task_seconds,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from events
    group by session_id, customer_id
)

select * from final
