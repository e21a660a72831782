with

usable as (
    select
        event_id,
        user_id,
        site_session_id,
        action_type,
        reference,
        platform,
        city,
        device,
        step,
        _file,
        _row,
        occurred_at,
        delivered_at,
        _loaded_at
    from {{ ref('slv_clicks__judged_actions') }}
    where dead_letter_reason is null
),

final as (
    {{ sessions(
        events='usable',
        entity='user_id',
        time='occurred_at',
        id='event_id',
        known='delivered_at',
        bots={'per_minute': 60, 'per_session': 500}
    ) }}
)

select * from final
