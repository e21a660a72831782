{# Every column but those that only the statement needs. #}
{% macro feature_all_but(columns) -%}
    {{ return(adapter.dispatch('feature_all_but')(columns)) }}
{%- endmacro %}

{% macro default__feature_all_but(columns) -%}
    * exclude ({{ columns | join(', ') }})
{%- endmacro %}
