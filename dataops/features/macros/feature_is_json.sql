{# Whether a text is JSON; no text at all is no payload, which is none that cannot be read. #}
{% macro feature_is_json(column) -%}
    {{ return(adapter.dispatch('feature_is_json')(column)) }}
{%- endmacro %}

{% macro default__feature_is_json(column) -%}
    ({{ column }} is null or get_json_object({{ column }}, '$') is not null)
{%- endmacro %}

{% macro duckdb__feature_is_json(column) -%}
    coalesce(json_valid(cast({{ column }} as varchar)), true)
{%- endmacro %}
