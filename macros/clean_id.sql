{% macro clean_id(column) -%}
    nullif(upper(trim({{ column }})), '')
{%- endmacro %}
