{# Whether a text is JSON; no text at all is no payload, which is none that cannot be read. #}
{% macro feature_is_json(column) -%}
    {{ return(adapter.dispatch('feature_is_json')(column)) }}
{%- endmacro %}

{% macro default__feature_is_json(column) -%}
    {%- do feature_refusal(
        'payload needs to tell JSON, which this adapter has no macro for',
        'leave payload out, or write a macro <adapter>__feature_is_json'
    ) -%}
{%- endmacro %}

{% macro duckdb__feature_is_json(column) -%}
    coalesce(json_valid(cast({{ column }} as varchar)), true)
{%- endmacro %}
