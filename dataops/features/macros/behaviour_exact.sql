{# A number to six decimal places, exactly: a sum of doubles depends on the order of its rows, which
   several threads do not keep. #}
{% macro behaviour_exact(number) -%}
    cast({{ number }} as decimal(38, 6))
{%- endmacro %}
