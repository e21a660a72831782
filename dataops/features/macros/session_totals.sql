{# One row a session, of what `sessions` gives. #}
{% macro session_totals(sessions, entity) -%}
    {%- set entity = [entity] if entity is string else entity -%}
    {%- do feature_check_columns(
        sessions, 'session_totals',
        entity + ['session_id', 'session_number', 'session_known_at', 'bot_reason']
    ) -%}
select
    session_id,
    {%- for key in feature_quoted(entity) %}
    {{ key }},
    {%- endfor %}
    bot_reason,
    session_number,
    count(*) as session_events,
    {{ feature_elapsed(
        'min(' ~ feature_instant('session_started_at') ~ ')',
        'max(' ~ feature_instant('session_ended_at') ~ ')'
    ) }} as session_seconds,
    is_bot,
    min(session_started_at) as session_started_at,
    max(session_ended_at) as session_ended_at,
    max(session_known_at) as session_known_at
from {{ sessions }}
where session_id is not null
group by session_id, {{ feature_quoted(entity) | join(', ') }}, session_number, is_bot, bot_reason
{%- endmacro %}
