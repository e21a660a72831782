with as_of_dates as (
    select as_of_date
    from {{ ref('slv_calendar__as_of_dates') }}
),

events as (
    select
        customer_id,
        session_id,
        event_name,
        task_seconds,
        occurred_at,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_app__events') }}
),

known as (
    select
        events.customer_id,
        events.session_id,
        events.event_name,
        events.task_seconds,
        {{ happened_within('events.occurred_at', 30, 'as_of_dates.as_of_date') }} as is_recent,
        as_of_dates.as_of_date
    from as_of_dates
    inner join events
        on
            {{ happened_within('events.occurred_at', 60, 'as_of_dates.as_of_date') }}
            and {{ known_as_of('events', 'as_of_dates.as_of_date') }}
),

counted as (
    select
        customer_id,
        count(distinct case when is_recent then session_id end) as app_sessions_30_days,
        count(distinct session_id) as app_sessions_60_days,
        sum(case when event_name = 'task_completed' then 1 else 0 end) as completed_tasks,
        sum(case when event_name = 'task_abandoned' then 1 else 0 end) as abandoned_tasks,
        avg(case when is_recent then {{ exact('task_seconds', 3) }} end) as task_seconds_30_days,
        avg({{ exact('task_seconds', 3) }}) as task_seconds_60_days,
        as_of_date
    from known
    group by customer_id, as_of_date
),

final as (
    select
        customer_id,
        cast(app_sessions_30_days as integer) as app_sessions_30_days,
        cast(app_sessions_60_days as integer) as app_sessions_60_days,
        cast(task_seconds_30_days as double) as task_seconds_30_days,
        cast(task_seconds_60_days as double) as task_seconds_60_days,
        case
            when completed_tasks + abandoned_tasks > 0
                then cast(abandoned_tasks as double) / (completed_tasks + abandoned_tasks)
        end as abandoned_share_60_days,
        as_of_date
    from counted
)

select * from final
