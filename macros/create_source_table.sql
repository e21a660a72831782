{% macro create_source_table(source, columns) %}
    {%- set relation = api.Relation.create(
        database=source.database, schema=source.schema, identifier=source.identifier
    ) -%}
    {#- In a sandbox a source is a view, over which `create table if not exists` fails. -#}
    {%- if not adapter.get_relation(source.database, source.schema, source.identifier) -%}
        {%- do adapter.create_schema(relation) -%}
        {%- set typed = [] -%}
        {%- for name, data_type in columns.items() -%}
            {%- do typed.append(adapter.quote(name) ~ ' ' ~ data_type) -%}
        {%- endfor -%}
        {%- set typed = typed | join(', ') -%}
        {%- do run_query('create table if not exists ' ~ relation ~ ' (' ~ typed ~ ')') -%}
    {%- endif -%}
{% endmacro %}
