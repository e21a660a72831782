with as_of_dates as (
    select as_of_date
    from {{ ref('slv_calendar__as_of_dates') }}
),

calls as (
    select
        call_id,
        customer_id,
        duration_seconds,
        is_resolved,
        started_at,
        _delivered_at,
        _superseded_at
    from {{ ref('slv_support__calls') }}
    where customer_id is not null
),

known as (
    select
        calls.call_id,
        calls.customer_id,
        calls.duration_seconds,
        calls.is_resolved,
        as_of_dates.as_of_date
    from as_of_dates
    inner join calls
        on
            {{ happened_within('calls.started_at', 90, 'as_of_dates.as_of_date') }}
            and {{ known_as_of('calls', 'as_of_dates.as_of_date') }}
),

heard as (
    {{ training_set(
        spine='known',
        time='as_of_date',
        features=['ftr_call_tones.negative_tone']
    ) }}
),

final as (
    select
        customer_id,
        cast(count(*) as integer) as calls_90_days,
        cast(sum(case when is_resolved then 0 else 1 end) as integer) as unresolved_calls_90_days,
        cast(coalesce(sum(duration_seconds), 0) as bigint) as call_seconds_90_days,
        cast(avg({{ exact('negative_tone') }}) as double) as negative_tone_90_days,
        as_of_date
    from heard
    group by customer_id, as_of_date
)

select * from final
