{# Whether a database has a version of an ML model; of any without a name. #}
{% macro ml_has_version(database, name) %}
    {%- set there -%}
        select count(*) from information_schema.tables
        where table_catalog = '{{ database }}' and table_schema = 'ml'
            and table_name = 'model_versions'
    {%- endset -%}
    {%- if run_query(there).columns[0].values()[0] == 0 -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set made -%}
        select count(*) from {{ ml_table(database, 'model_versions') }}
        {%- if name is not none %}
        where model = {{ ml_text(name) }}
        {%- endif %}
    {%- endset -%}
    {{ return(run_query(made).columns[0].values()[0] > 0) }}
{% endmacro %}
