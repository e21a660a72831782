{% macro review_field(block, tag) -%}
    nullif(regexp_extract({{ block }}, '(?s)<{{ tag }}>\s*(.*?)\s*</{{ tag }}>', 1), '')
{%- endmacro %}
