with cleaned as (
    select
        {{ clean_id('event_id') }} as event_id,
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_id('session_id') }} as session_id,
        {{ conform_code('platform', ['ios', 'android', 'web']) }} as platform,
        {{ conform_code(
            'task',
            ['track_order', 'book_repair', 'manage_plan', 'pay_invoice', 'browse']
        ) }} as task,
        {{ conform_code(
            'event_name',
            ['task_started', 'task_completed', 'task_abandoned']
        ) }} as event_name,
        seconds as task_seconds,
        occurred_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_app__events') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['event_id'],
        content=[
            'customer_id', 'session_id', 'platform', 'task', 'event_name', 'task_seconds',
            'occurred_at'
        ],
        required=['customer_id', 'occurred_at']
    ) }}
)

select * from final
