{# Refuses a relation that lacks a column `needed`, or has one that is `added`. What is not built
   yet, a CTE and what a unit test gives are left to the database. #}
{% macro feature_check_columns(relation, what, needed, added=[]) %}
    {%- set columns = [] -%}
    {%- if execute and relation is not string and model.resource_type != 'unit_test' -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do columns.append(column.name | lower) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for name in needed if columns and name | lower not in columns -%}
        {%- do feature_refusal(
            what ~ ": " ~ relation ~ " has no column '" ~ name ~ "'; it has: "
            ~ columns | join(', '),
            'correct the name'
        ) -%}
    {%- endfor -%}
    {%- for name in added if name in columns -%}
        {%- do feature_refusal(
            what ~ " adds a column '" ~ name ~ "', and " ~ relation ~ ' has one already',
            'rename it in the model that is read'
        ) -%}
    {%- endfor -%}
{% endmacro %}
