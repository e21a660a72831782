{# Every event as it was delivered, and why it cannot be used: `dead_letter_reason` is null for
   those that can. Both kinds come from one statement, so none is lost and none counts twice. #}
{% macro judged_events(
    events, id, entity, time, known, payload=none, tolerance='5 minutes', order=[]
) -%}
    {%- set entity = [entity] if entity is string else entity -%}
    {%- set order = [order] if order is string else order -%}
    {%- set payloads = [payload] if payload else [] -%}
    {%- do feature_check_columns(
        events, 'judged_events', [id, time, known] + entity + payloads + order,
        ['dead_letter_reason']
    ) -%}
    {%- set time_at = feature_instant(adapter.quote(time)) -%}
    {%- set known_at = feature_instant(adapter.quote(known)) -%}
    {%- set ahead = feature_duration(tolerance, 'tolerance') -%}
    {%- set problem -%}
        case
            when {{ adapter.quote(id) }} is null then 'no id'
            when {{ feature_quoted(entity) | join(' is null or ') }} is null then 'no entity'
            when {{ adapter.quote(time) }} is null then 'no time'
            when {{ adapter.quote(known) }} is null then 'no delivery time'
            {%- if ahead is not none %}
            when {{ time_at }} > {{ feature_later(known_at, ahead) }} then 'time in the future'
            {%- endif %}
            {%- if payload %}
            when not {{ feature_is_json(adapter.quote(payload)) }} then 'unreadable payload'
            {%- endif %}
        end
    {%- endset -%}
select
    *,
    -- Of an event delivered more than once the first delivery that can be used stays.
    coalesce(
        {{ problem }},
        case
            when row_number() over (
                partition by {{ adapter.quote(id) }}
                order by
                    case when {{ problem }} is null then 0 else 1 end,
                    {{ known_at }},
                    {%- for column in feature_quoted(order) %}
                    {{ column }},
                    {%- endfor %}
                    {{ time_at }}
                    {%- for column in feature_quoted(entity + payloads) %},
                    {{ column }}
                    {%- endfor %}
            ) > 1 then 'repeated id'
        end
    ) as dead_letter_reason
from {{ events }}
{%- endmacro %}
