with

final as (
    select
        event_id,
        user_id,
        site_session_id,
        action_type,
        reference,
        platform,
        city,
        device,
        dead_letter_reason,
        step,
        _file,
        _row,
        occurred_at,
        delivered_at,
        _loaded_at
    from {{ ref('slv_clicks__judged_actions') }}
    where dead_letter_reason is not null
)

select * from final
