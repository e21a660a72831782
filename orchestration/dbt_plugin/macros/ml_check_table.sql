{# Refuses a view over functions that only dbt has: nobody else could read it. #}
{% macro ml_check_table(macro) %}
    {%- set kind = config.get('materialized') if model.resource_type == 'model' else none -%}
    {%- if kind in ('view', 'ephemeral') -%}
        {%- do ml_refusal(
            model.original_file_path ~ " calls " ~ macro ~ " and is materialized as " ~ kind
            ~ ", which nothing but dbt could read; allowed: table, incremental",
            "add to it: config(materialized='table')"
        ) -%}
    {%- endif -%}
{% endmacro %}
