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

tones as (
    select
        predictions.call_id,
        predictions.score
    from {{ ref('ftr_calls') }} as scored_as
    inner join {{ ref('brz_predictions__call_sentiment') }} as predictions
        on
            scored_as.call_id = predictions.call_id
            and scored_as.as_of_date = predictions.as_of_date
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

final as (
    select
        known.customer_id,
        cast(count(*) as integer) as calls_90_days,
        cast(sum(case when known.is_resolved then 0 else 1 end) as integer)
            as unresolved_calls_90_days,
        cast(coalesce(sum(known.duration_seconds), 0) as bigint) as call_seconds_90_days,
        cast(avg({{ exact('tones.score') }}) as double) as negative_tone_90_days,
        known.as_of_date
    from known
    left join tones on known.call_id = tones.call_id
    group by known.customer_id, known.as_of_date
)

select * from final
