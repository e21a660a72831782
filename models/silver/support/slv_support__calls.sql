with cleaned as (
    select
        {{ clean_id('call_id') }} as call_id,
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_id('agent_id') }} as agent_id,
        {{ conform_code('topic', ['delivery', 'repair', 'billing', 'plan', 'setup']) }} as topic,
        coalesce(trim(transcript), '') as transcript,
        duration_seconds,
        case when satisfaction_rating between 1 and 5 then satisfaction_rating end
            as satisfaction_rating,
        is_resolved,
        started_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_support__calls') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['call_id'],
        content=[
            'customer_id', 'agent_id', 'topic', 'transcript', 'duration_seconds',
            'satisfaction_rating', 'is_resolved', 'started_at'
        ],
        required=['started_at']
    ) }}
)

select * from final
