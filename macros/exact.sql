{% macro exact(number, scale=6) -%}
    cast({{ number }} as decimal(18, {{ scale }}))
{%- endmacro %}
