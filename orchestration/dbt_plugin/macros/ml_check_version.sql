{# Refuses a version of an ML model that there is none of. #}
{% macro ml_check_version(macro, database, name, version) %}
    {%- set made -%}
        select version, status from {{ ml_table(database, 'model_versions') }}
        where model = {{ ml_text(name) }} order by version desc
    {%- endset -%}
    {%- set there = [] -%}
    {%- for row in run_query(made).rows -%}
        {%- if row[0] | int == version | int -%}
            {{ return(none) }}
        {%- endif -%}
        {%- do there.append(name ~ '@' ~ row[0] ~ ' (' ~ row[1] ~ ')') -%}
    {%- endfor -%}
    {%- do ml_refusal(
        macro ~ ' asks ' ~ name ~ '@' ~ version ~ ', which there is not; there are: '
        ~ there | join(', '),
        'correct the version in ' ~ this.identifier
    ) -%}
{% endmacro %}
