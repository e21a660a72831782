{# Seconds from one instant to another, with their fraction; of what feature_instant gives. #}
{% macro feature_elapsed(first, last) -%}
    {{ return(adapter.dispatch('feature_elapsed')(first, last)) }}
{%- endmacro %}

{% macro default__feature_elapsed(first, last) -%}
    cast(extract(epoch from {{ last }}) - extract(epoch from {{ first }}) as double)
{%- endmacro %}

{% macro duckdb__feature_elapsed(first, last) -%}
    cast({{ last }} - {{ first }} as double) / 1000000
{%- endmacro %}
