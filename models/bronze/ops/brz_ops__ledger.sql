with source as (
    select
        place,
        kind,
        outcome,
        run,
        parent,
        release,
        asset,
        name,
        message,
        details,
        rows,
        bytes,
        cpu_seconds,
        peak_memory_bytes,
        pid,
        started_at,
        ended_at,
        recorded_at
    from {{ source('ops', 'ledger') }}
),

final as (
    select
        place as event_number,
        run as run_id,
        parent as parent_release_id,
        release as release_id,
        kind as event_kind,
        outcome,
        asset as asset_name,
        name as subject_name,
        message,
        details,
        rows as row_count,
        bytes as size_bytes,
        (epoch_us(ended_at) - epoch_us(started_at)) / 1000000 as elapsed_seconds,
        cpu_seconds,
        peak_memory_bytes,
        pid as process_id,
        started_at,
        ended_at,
        recorded_at
    from source
)

select * from final
