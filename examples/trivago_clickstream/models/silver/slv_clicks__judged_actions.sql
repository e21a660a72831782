{{ judged_events(
    events=ref('brz_trivago__actions'),
    id='event_id',
    entity='user_id',
    time='occurred_at',
    known='delivered_at'
) }}
