{# The features in the last select, unqualified: a spine with a column of the same name is then
   refused by the database as ambiguous, and not renamed in silence. #}
{% macro feature_outputs(views) -%}
    {%- for view in views -%}
        {%- set is_last = loop.last -%}
        {%- for feature, output in view.columns -%}
            {{ adapter.quote(output) }}{{ '' if is_last and loop.last else ',\n    ' }}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
