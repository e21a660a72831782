{# Equality of columns pair by pair, for an `on`: a null matches nothing. The columns of the right
   side are quoted already. #}
{% macro feature_on(left, left_keys, right, right_keys, indent=8) -%}
    {%- for key in left_keys -%}
        {{ left }}.{{ adapter.quote(key) }} = {{ right }}.{{ right_keys[loop.index0] }}
        {{- '\n' ~ ' ' * indent ~ 'and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
