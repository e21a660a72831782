{# The frame of a window that reaches back some seconds from a row's own instant, the row that
   lies exactly so far back included. #}
{% macro feature_preceding(seconds) -%}
    {{ return(adapter.dispatch('feature_preceding')(seconds)) }}
{%- endmacro %}

{% macro default__feature_preceding(seconds) -%}
    range between interval '{{ seconds }}' second preceding and current row
{%- endmacro %}

{% macro duckdb__feature_preceding(seconds) -%}
    range between {{ seconds * 1000000 }} preceding and current row
{%- endmacro %}
