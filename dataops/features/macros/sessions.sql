{# Every event with its session: a run of one entity's events that no silence longer than
   `inactivity` interrupts. The id follows from the entity and the first event, so events that
   come late are sorted in by building again, in whatever order they came. #}
{% macro sessions(events, entity, time, id, known, inactivity='30 minutes', bots={}) -%}
    {%- set entity = [entity] if entity is string else entity -%}
    {%- set agent = session_bots(bots) -%}
    {%- do feature_check_columns(
        events, 'sessions', entity + [time, id, known] + agent,
        ['session_id', 'session_number', 'session_event_number', 'session_started_at',
         'session_ended_at', 'session_known_at', 'is_bot', 'bot_reason']
    ) -%}
    {%- set keys = feature_quoted(entity) -%}
    {%- set pause = feature_duration(inactivity, 'inactivity') -%}
    {%- set order = '_session_at, ' ~ adapter.quote(id) -%}
    {%- set whole = 'partition by ' ~ keys | join(', ') ~ ', session_number' -%}
with session_source as (
    select
        *,
        {{ feature_instant(adapter.quote(time)) }} as _session_at
    from {{ events }}
),

session_gaps as (
    select
        *,
        {%- if bots.per_minute %}
        count(*) over (
            partition by {{ keys | join(', ') }}
            order by _session_at
            {{ feature_preceding(60) }}
        ) as _within_minute,
        {%- endif %}
        lag(_session_at) over (
            partition by {{ keys | join(', ') }}
            order by {{ order }}
        ) as _previous_at
    from session_source
),

-- An event without entity or time is in no session.
session_numbers as (
    select
        *,
        case
            when {{ keys | join(' is not null and ') }} is not null and _session_at is not null
                then cast(sum(
                    case
                        when _session_at is null then 0
                        when _previous_at is null then 1
                        {%- if pause is not none %}
                        when _session_at > {{ feature_later('_previous_at', pause) }} then 1
                        {%- endif %}
                        else 0
                    end
                ) over (
                    partition by {{ keys | join(', ') }}
                    order by {{ order }}
                    rows between unbounded preceding and current row
                ) as bigint)
        end as session_number
    from session_gaps
),

session_wholes as (
    select
        *,
        row_number() over ({{ whole }} order by {{ order }}) as session_event_number,
        min({{ adapter.quote(time) }}) over ({{ whole }}) as session_started_at,
        max({{ adapter.quote(time) }}) over ({{ whole }}) as session_ended_at,
        max({{ adapter.quote(known) }}) over ({{ whole }}) as session_known_at,
        min(_session_at) over ({{ whole }}) as _started_at,
        {{ session_bot_reason(bots, whole) }} as bot_reason
    from session_numbers
)

select
    {{ feature_all_but(
        ['_session_at', '_previous_at', '_started_at', 'session_number',
         'session_event_number', 'session_started_at', 'session_ended_at', 'session_known_at',
         'bot_reason'] + (['_within_minute'] if bots.per_minute else [])
    ) }},
    case
        when session_number is not null
            then md5(concat(
                {%- for key in keys %}
                cast(length(cast({{ key }} as string)) as string),
                ':',
                cast({{ key }} as string),
                {%- endfor %}
                cast(_started_at as string)
            ))
    end as session_id,
    session_number,
    {%- for column in [
        'session_event_number', 'session_started_at', 'session_ended_at', 'session_known_at'
    ] %}
    case when session_number is not null then {{ column }} end as {{ column }},
    {%- endfor %}
    session_number is not null and bot_reason is not null as is_bot,
    case when session_number is not null then bot_reason end as bot_reason
from session_wholes
{%- endmacro %}
