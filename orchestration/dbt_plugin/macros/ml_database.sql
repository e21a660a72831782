{# The database whose schema ml has the versions of a model: where the model itself stands; of a
   name the target's, or the first of those attached that has it. #}
{% macro ml_database(model) %}
    {%- if model is not string -%}
        {{ return(model.database) }}
    {%- endif -%}
    {%- set attached -%}
        select database_name from duckdb_databases()
        where not internal and database_name <> '{{ target.database }}' order by database_oid
    {%- endset -%}
    {%- for database in [target.database] + run_query(attached).columns[0].values() | list -%}
        {%- if ml_has_version(database, model) -%}
            {{ return(database) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(target.database) }}
{% endmacro %}
