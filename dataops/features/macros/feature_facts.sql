{# What tells which row of a view is the newest. `_recency` is one number that orders by event,
   then by known time. #}
{% macro feature_facts(view) -%}
    select
        {%- for key in view.quoted_entity %}
        {{ key }} as _key_{{ loop.index }},
        {%- endfor %}
        {{ adapter.quote(view.event_time) }} as _event_time,
        {{ adapter.quote(view.known_time) }} as _known_time,
        {{ feature_instant(adapter.quote(view.event_time)) }} as _event_at,
        {{ feature_instant(adapter.quote(view.known_time)) }} as _known_at,
        _event_at::hugeint * 9223372036854775808 + _known_at as _recency
    from {{ view.relation }}
{%- endmacro %}
