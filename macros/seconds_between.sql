{% macro seconds_between(first_at, last_at) -%}
    {{ return(adapter.dispatch('seconds_between', 'goldloop')(first_at, last_at)) }}
{%- endmacro %}

{% macro default__seconds_between(first_at, last_at) -%}
    (unix_timestamp({{ last_at }}) - unix_timestamp({{ first_at }}))
{%- endmacro %}

{% macro duckdb__seconds_between(first_at, last_at) -%}
    date_diff('second', {{ first_at }}, {{ last_at }})
{%- endmacro %}
