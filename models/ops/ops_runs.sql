with events as (
    select
        event_number,
        run_id,
        parent_release_id,
        release_id,
        event_kind,
        outcome,
        message,
        cpu_seconds,
        peak_memory_bytes,
        started_at,
        ended_at,
        recorded_at
    from {{ ref('brz_ops__ledger') }}
    where run_id is not null
),

assets as (
    select
        run_id,
        sum(case when outcome = 'succeeded' then 1 else 0 end) as assets,
        sum(case when outcome = 'failed' then 1 else 0 end) as failed_assets,
        sum(row_count) as row_count,
        sum({{ exact('cpu_seconds') }}) as cpu_seconds,
        max(peak_memory_bytes) as peak_memory_bytes
    from {{ ref('ops_assets') }}
    group by run_id
),

checks as (
    select
        run_id,
        count(*) as checks,
        sum(case when outcome in ('failed', 'not_run') then 1 else 0 end) as failed_checks,
        sum(case when outcome = 'warned' then 1 else 0 end) as warned_checks
    from {{ ref('ops_checks') }}
    group by run_id
),

runs as (
    select
        run_id,
        max(parent_release_id) as parent_release_id,
        min(event_number) as first_event_number,
        max(case when outcome in ('published', 'recovered') then release_id end) as release_id,
        max(case when outcome = 'quarantined' then message end) as quarantine_message,
        min(coalesce(started_at, recorded_at)) as started_at
    from events
    -- A rollback names the run whose release it goes back to: no part of that run.
    where
        event_kind in ('run', 'asset', 'check')
        or outcome in ('published', 'recovered', 'quarantined')
    group by run_id
),

ends as (
    select
        run_id,
        outcome,
        message,
        cpu_seconds,
        peak_memory_bytes,
        coalesce(ended_at, recorded_at) as ended_at,
        row_number() over (partition by run_id order by event_number desc) as place
    from events
    where event_kind = 'run' and outcome <> 'started'
),

final as (
    select
        runs.run_id,
        runs.parent_release_id,
        runs.release_id,
        -- One run has the warehouse at a time: one without an end that has a successor was killed,
        -- before or after it had published.
        case
            when ends.outcome is not null then ends.outcome
            when runs.release_id is not null then 'succeeded'
            when runs.first_event_number = max(runs.first_event_number) over () then 'running'
            else 'died'
        end as outcome,
        coalesce(ends.message, runs.quarantine_message) as why,
        cast(coalesce(assets.assets, 0) as integer) as assets,
        cast(coalesce(assets.failed_assets, 0) as integer) as failed_assets,
        cast(coalesce(checks.checks, 0) as integer) as checks,
        cast(coalesce(checks.failed_checks, 0) as integer) as failed_checks,
        cast(coalesce(checks.warned_checks, 0) as integer) as warned_checks,
        cast(assets.row_count as bigint) as row_count,
        {{ seconds_between('runs.started_at', 'ends.ended_at') }} as run_seconds,
        coalesce(ends.cpu_seconds, cast(assets.cpu_seconds as double)) as cpu_seconds,
        coalesce(ends.peak_memory_bytes, assets.peak_memory_bytes) as peak_memory_bytes,
        runs.started_at,
        ends.ended_at
    from runs
    left join ends on runs.run_id = ends.run_id and ends.place = 1
    left join assets on runs.run_id = assets.run_id
    left join checks on runs.run_id = checks.run_id
)

select * from final
