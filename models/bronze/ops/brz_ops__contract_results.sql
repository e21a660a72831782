with source as (
    select
        run_id,
        relation,
        check_name,
        kind,
        column_name,
        severity,
        owner,
        outcome,
        value,
        threshold,
        message,
        checked_at
    from {{ source('ops', 'contract_results') }}
),

final as (
    select
        run_id,
        relation as asset_name,
        check_name,
        kind as check_kind,
        column_name,
        severity,
        owner as owner_name,
        outcome,
        threshold,
        message,
        value as measured_value,
        checked_at
    from source
)

select * from final
