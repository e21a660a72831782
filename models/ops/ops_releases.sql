with events as (
    select
        event_number,
        run_id,
        parent_release_id,
        release_id,
        outcome,
        row_count,
        size_bytes,
        recorded_at
    from {{ ref('brz_ops__ledger') }}
    where event_kind = 'release' and release_id is not null
),

-- From each of these on readers see the release it names.
changes as (
    select
        event_number,
        release_id,
        recorded_at,
        lead(recorded_at) over (order by event_number) as until_at,
        lead(outcome) over (order by event_number) = 'rolled_back'
        and lead(release_id) over (order by event_number) <> release_id as is_taken_back
    from events
    where outcome in ('published', 'rolled_back', 'recovered')
),

spans as (
    select
        release_id,
        sum({{ seconds_between('recorded_at', 'until_at') }}) as current_seconds,
        max(event_number) as last_change,
        max(case when is_taken_back then event_number end) as last_taking_back,
        max(case when is_taken_back then until_at end) as taken_back_at,
        max(case when until_at is null then 1 else 0 end) as is_current
    from changes
    group by release_id
),

releases as (
    select
        release_id,
        max(run_id) as run_id,
        max(parent_release_id) as parent_release_id,
        max(row_count) as row_count,
        max(size_bytes) as size_bytes,
        min(recorded_at) as published_at
    from events
    where outcome in ('published', 'recovered')
    group by release_id
),

housekeeping as (
    select
        release_id,
        max(case when outcome = 'kept' then event_number else 0 end)
        > max(case when outcome = 'unkept' then event_number else 0 end) as is_kept,
        max(case when outcome = 'pruned' then recorded_at end) as pruned_at
    from events
    group by release_id
),

final as (
    select
        releases.release_id,
        releases.parent_release_id,
        releases.run_id,
        releases.row_count,
        releases.row_count - parents.row_count as row_count_change,
        releases.size_bytes,
        cast(spans.current_seconds as bigint) as current_seconds,
        spans.is_current = 1 as is_current,
        coalesce(spans.last_taking_back = spans.last_change, false) as is_taken_back,
        housekeeping.is_kept,
        releases.published_at,
        spans.taken_back_at,
        housekeeping.pruned_at
    from releases
    inner join spans on releases.release_id = spans.release_id
    inner join housekeeping on releases.release_id = housekeeping.release_id
    left join releases as parents on releases.parent_release_id = parents.release_id
)

select * from final
