with events as (
    select
        event_number,
        run_id,
        asset_name,
        outcome,
        message,
        row_count,
        size_bytes,
        elapsed_seconds,
        cpu_seconds,
        peak_memory_bytes,
        started_at,
        ended_at,
        -- A step that was tried again has an event for each try.
        row_number() over (partition by run_id, asset_name order by event_number desc) as place
    from {{ ref('brz_ops__ledger') }}
    where event_kind = 'asset' and run_id is not null and asset_name is not null
),

built as (
    select
        *,
        count(case when outcome = 'succeeded' then 1 end) over (
            partition by asset_name order by event_number
            rows between unbounded preceding and 1 preceding
        ) as earlier_builds
    from events
    where place = 1
),

-- Each run beside the 20 successful builds before it, the quickest first.
compared as (
    select
        later.event_number,
        earlier.elapsed_seconds,
        row_number() over (
            partition by later.event_number order by earlier.elapsed_seconds
        ) as place,
        count(*) over (partition by later.event_number) as builds
    from built as later
    inner join built as earlier
        on
            later.asset_name = earlier.asset_name
            and later.event_number > earlier.event_number
            and later.earlier_builds - earlier.earlier_builds <= 20
    where earlier.outcome = 'succeeded' and earlier.elapsed_seconds is not null
),

-- The median: the middle one, or the mean of the two in the middle.
usual as (
    select
        event_number,
        avg(elapsed_seconds) as usual_seconds
    from compared
    where 2 * place between builds and builds + 2
    group by event_number
),

final as (
    select
        built.run_id,
        built.asset_name,
        built.outcome,
        built.message,
        built.row_count,
        built.row_count - previous.row_count as row_count_change,
        built.size_bytes,
        built.elapsed_seconds,
        usual.usual_seconds,
        built.elapsed_seconds - usual.usual_seconds as elapsed_change_seconds,
        built.cpu_seconds,
        built.peak_memory_bytes,
        built.started_at,
        built.ended_at
    from built
    left join built as previous
        on
            built.asset_name = previous.asset_name
            and built.earlier_builds = previous.earlier_builds + 1
            and previous.outcome = 'succeeded'
    left join usual on built.event_number = usual.event_number
)

select * from final
