{% macro conform_code(column, codes) -%}
    case
        when lower(trim({{ column }})) in ('{{ codes | join("', '") }}')
            then lower(trim({{ column }}))
        else 'unknown'
    end
{%- endmacro %}
