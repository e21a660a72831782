{% macro iso_weekday(date) -%}
    {{ return(adapter.dispatch('iso_weekday', 'goldloop')(date)) }}
{%- endmacro %}

{% macro default__iso_weekday(date) -%}
    (weekday({{ date }}) + 1)
{%- endmacro %}

{% macro duckdb__iso_weekday(date) -%}
    cast(isodow({{ date }}) as integer)
{%- endmacro %}
