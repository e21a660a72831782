{# An instant moved by seconds; of what feature_instant gives. #}
{% macro feature_later(instant, seconds) -%}
    {{ return(adapter.dispatch('feature_later')(instant, seconds)) }}
{%- endmacro %}

{% macro default__feature_later(instant, seconds) -%}
    {{ instant }} + interval '{{ seconds }}' second
{%- endmacro %}

{% macro duckdb__feature_later(instant, seconds) -%}
    {{ instant }} + {{ seconds * 1000000 }}
{%- endmacro %}
