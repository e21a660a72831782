{% macro content_hash(columns) -%}
    md5(concat_ws(chr(31){% for column in columns -%}
        , coalesce(cast({{ column }} as string), chr(30))
    {%- endfor %}))
{%- endmacro %}
