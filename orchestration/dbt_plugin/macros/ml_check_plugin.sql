{# Refuses a profile that does not name the plugin. #}
{% macro ml_check_plugin() %}
    {%- set registered -%}
        select count(*) from duckdb_functions() where function_name = 'goldloop'
    {%- endset -%}
    {%- if run_query(registered).columns[0].values()[0] == 0 -%}
        {%- do ml_refusal(
            "target '" ~ target.name ~ "' of profile '" ~ target.profile_name ~ "' does not name "
            ~ "goldloop's plugin, which trains and asks ML models",
            "add `plugins: [{module: orchestration.dbt_plugin}]` to it in profiles.yml"
        ) -%}
    {%- endif -%}
{% endmacro %}
