with events as (
    select
        event_id,
        session_id,
        customer_id,
        platform,
        task,
        event_name,
        task_seconds,
        occurred_at
    from {{ ref('slv_app__session_events') }}
    where event_name <> 'unknown'
),

-- Each start of a task in a session opens an attempt; what follows belongs to it.
-- Attempt 0 holds an end whose start never arrived.
numbered as (
    select
        *,
        sum(case when event_name = 'task_started' then 1 else 0 end) over (
            partition by session_id, task
            order by
                occurred_at,
                case when event_name = 'task_started' then 0 else 1 end,
                event_id
            rows between unbounded preceding and current row
        ) as attempt_number
    from events
),

attempts as (
    select
        session_id,
        customer_id,
        task,
        cast(attempt_number as integer) as attempt_number,
        min(platform) as platform,
        max(task_seconds) as task_seconds,
        max(case when event_name = 'task_completed' then 1 else 0 end) = 1 as is_completed,
        max(case when event_name = 'task_abandoned' then 1 else 0 end) = 1 as is_abandoned,
        min(occurred_at) as started_at,
        max(case when event_name <> 'task_started' then occurred_at end) as ended_at
    from numbered
    group by session_id, customer_id, task, attempt_number
),

final as (
    select
        session_id,
        task,
        attempt_number,
        customer_id,
        platform,
        case
            when is_completed then 'completed'
            when is_abandoned then 'abandoned'
            else 'open'
        end as outcome,
        task_seconds,
        started_at,
        ended_at
    from attempts
)

select * from final
