{# The columns that are added to a relation: what is told, and who told it. #}
{% macro ml_prefixed(prefix, names) %}
    {%- set adds = [] -%}
    {%- for name in names | list + ['model_name', 'model_version'] -%}
        {%- do adds.append(prefix ~ name) -%}
    {%- endfor -%}
    {{ return(adds) }}
{% endmacro %}
