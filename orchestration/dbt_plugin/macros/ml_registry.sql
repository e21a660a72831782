{# Rows of a table of the registry about one version: the one named, else the champion, else the
   newest. #}
{% macro ml_registry(macro, model, table, columns, version=none, where=[]) -%}
    {%- if not execute -%}
        (select 1 as parsed)
    {%- else -%}
    {%- set name, database = ml_name(model), ml_database(model) -%}
    {%- if not ml_is_dry() and not ml_has_version(database, name) -%}
        {%- do ml_untrained(macro, database, name) -%}
    {%- endif -%}
    {%- if version is not none and not ml_is_dry() -%}
        {%- do ml_check_version(macro, database, name, version) -%}
    {%- endif -%}
    {%- set versions -%}
        from {{ ml_table(database, 'model_versions') }} where model = {{ ml_text(name) }}
    {%- endset -%}
(
    select
        {{ columns | join(',\n        ') }}
    from {{ ml_table(database, table) }}
    where model = {{ ml_text(name) }}
        and version = {% if version is not none -%}
            {{ version }}
        {%- else -%}
            coalesce(
                (select max(version) {{ versions }} and status = 'champion'),
                (select max(version) {{ versions }})
            )
        {%- endif %}
        {%- for condition in where %}
        and {{ condition }}
        {%- endfor %}
)
    {%- endif -%}
{%- endmacro %}
