{# Refuses a spine without a key or the time, and one that has a column of a feature's name. What
   is not built yet, and what is a CTE, is left to the database: it refuses the same. #}
{% macro feature_check_spine(spine, time, views) %}
    {%- set columns = [] -%}
    {%- if spine is not string -%}
        {%- for column in adapter.get_columns_in_relation(spine) -%}
            {%- do columns.append(column.name | lower) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for view in views if columns -%}
        {%- for name in view.spine_keys + [time] if name | lower not in columns -%}
            {%- do feature_refusal(
                "the spine has no column '" ~ name ~ "', by which " ~ view.view
                ~ ' is joined; it has: ' ~ columns | join(', '),
                'add it to the spine, or say which column it is (keys, time)'
            ) -%}
        {%- endfor -%}
        {%- for feature, output in view.columns if output | lower in columns -%}
            {%- do feature_refusal(
                "the spine has a column '" ~ output ~ "', as " ~ view.view ~ ' has',
                'leave it out of the spine, or say prefix=true'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
