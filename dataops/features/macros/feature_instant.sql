{# A date, timestamp or timestamp with time zone as one kind of instant, whatever the session's
   time zone: without a zone it is UTC, a date is its first instant. #}
{% macro feature_instant(column) -%}
    {{ return(adapter.dispatch('feature_instant')(column)) }}
{%- endmacro %}

{% macro default__feature_instant(column) -%}
    cast({{ column }} as timestamp)
{%- endmacro %}

{% macro duckdb__feature_instant(column) -%}
    epoch_us({{ column }})
{%- endmacro %}
