{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'online_retail')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    date_add({{ date }}, {{ days }})
{%- endmacro %}

{% macro duckdb__add_days(date, days) -%}
    ({{ date }} + {{ days }})
{%- endmacro %}
