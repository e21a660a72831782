with recorded as (
    select
        run_id,
        asset_name,
        subject_name as check_name,
        outcome,
        message,
        coalesce(ended_at, recorded_at) as checked_at,
        row_number() over (
            partition by run_id, asset_name, subject_name order by event_number desc
        ) as place
    from {{ ref('brz_ops__ledger') }}
    where
        event_kind = 'check'
        and run_id is not null
        and asset_name is not null
        and subject_name is not null
),

events as (
    select *
    from recorded
    where place = 1
),

measured as (
    select
        run_id,
        asset_name,
        check_name,
        severity,
        owner_name,
        case
            when outcome = 'failed' and severity = 'warn' then 'warned'
            else outcome
        end as outcome,
        threshold,
        message,
        measured_value,
        checked_at,
        row_number() over (
            partition by run_id, asset_name, check_name order by checked_at desc
        ) as place
    from {{ ref('brz_ops__contract_results') }}
),

contracts as (
    select *
    from measured
    where place = 1
),

-- A check of a contract is in both; the ledger outlives the candidate the other was written in.
checks as (
    select
        coalesce(events.run_id, contracts.run_id) as run_id,
        coalesce(events.asset_name, contracts.asset_name) as asset_name,
        coalesce(events.check_name, contracts.check_name) as check_name,
        contracts.severity,
        contracts.owner_name,
        coalesce(events.outcome, contracts.outcome) as outcome,
        contracts.threshold,
        coalesce(contracts.message, events.message) as message,
        contracts.measured_value,
        coalesce(contracts.checked_at, events.checked_at) as checked_at
    from events
    full outer join contracts
        on
            events.run_id = contracts.run_id
            and events.asset_name = contracts.asset_name
            and events.check_name = contracts.check_name
),

passes as (
    select
        *,
        outcome <> 'passed' as is_failing,
        max(case when outcome = 'passed' then checked_at end) over (
            partition by asset_name, check_name order by checked_at, run_id
            rows between unbounded preceding and current row
        ) as last_passed_at,
        sum(case when outcome = 'passed' then 1 else 0 end) over (
            partition by asset_name, check_name order by checked_at, run_id
            rows between unbounded preceding and current row
        ) as streak
    from checks
),

final as (
    select
        run_id,
        asset_name,
        check_name,
        severity,
        owner_name,
        outcome,
        threshold,
        message,
        measured_value,
        cast(
            sum(case when is_failing then 1 else 0 end) over (
                partition by asset_name, check_name, streak order by checked_at, run_id
                rows between unbounded preceding and current row
            ) as integer
        ) as runs_failing,
        is_failing,
        checked_at,
        case
            when is_failing then min(case when is_failing then checked_at end) over (
                partition by asset_name, check_name, streak order by checked_at, run_id
                rows between unbounded preceding and current row
            )
        end as failing_since_at,
        last_passed_at
    from passes
)

select * from final
