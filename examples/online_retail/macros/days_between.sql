{% macro days_between(first_date, last_date) -%}
    {{ return(adapter.dispatch('days_between', 'online_retail')(first_date, last_date)) }}
{%- endmacro %}

{% macro default__days_between(first_date, last_date) -%}
    datediff({{ last_date }}, {{ first_date }})
{%- endmacro %}

{% macro duckdb__days_between(first_date, last_date) -%}
    cast(date_diff('day', {{ first_date }}, {{ last_date }}) as integer)
{%- endmacro %}
