{# Columns quoted, as a list, with an alias before each where one is given. #}
{% macro feature_quoted(columns, alias=none) %}
    {%- set quoted = [] -%}
    {%- for column in columns -%}
        {%- do quoted.append((alias ~ '.' if alias else '') ~ adapter.quote(column)) -%}
    {%- endfor -%}
    {{ return(quoted) }}
{% endmacro %}
