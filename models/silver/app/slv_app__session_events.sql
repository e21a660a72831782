with events as (
    select
        event_id,
        customer_id,
        session_id as app_session_id,
        platform,
        task,
        event_name,
        task_seconds,
        occurred_at,
        _delivered_at
    from {{ ref('slv_app__events') }}
    where is_current
),

ordered as (
    select
        *,
        lag(occurred_at) over (
            partition by customer_id, app_session_id order by occurred_at, event_id
        ) as previous_at
    from events
),

-- The app keeps its session id while it lies open: half an hour of silence ends a session.
numbered as (
    select
        *,
        sum(
            case when {{ seconds_between('previous_at', 'occurred_at') }} > 1800 then 1 else 0 end
        ) over (
            partition by customer_id, app_session_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) + 1 as session_number
    from ordered
),

final as (
    select
        event_id,
        customer_id,
        concat(
            customer_id, '-', coalesce(app_session_id, 'none'), '-', cast(session_number as string)
        ) as session_id,
        platform,
        task,
        event_name,
        task_seconds,
        occurred_at,
        _delivered_at
    from numbered
)

select * from final
