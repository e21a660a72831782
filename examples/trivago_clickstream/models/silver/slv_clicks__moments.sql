with

actions as (
    select
        session_id,
        user_id,
        platform,
        device,
        session_event_number,
        occurred_at
    from {{ ref('slv_clicks__actions') }}
    -- By the whole session: which rows there are knows more than was known at the moment.
    where not is_bot
),

final as (
    select
        session_id,
        user_id,
        platform,
        device,
        -- What happened at a moment is not known before it is over.
        occurred_at + interval '1' second as as_of
    from actions
    where session_event_number = 5
)

select * from final
