{# No row, with the columns named, typed as a relation has them; as text where there is none yet. #}
{% macro ml_nobody(columns, relation) -%}
    {%- if relation is not none -%}
        select {{ columns | join(', ') }} from {{ relation }} where false
    {%- else -%}
        select
        {%- for column in columns %}
            cast(null as varchar) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
        where false
    {%- endif -%}
{%- endmacro %}
