{# Refuses an ML model of which there is no version, with the nearest names there are. #}
{% macro ml_untrained(macro, database, name) %}
    {%- set trained = [] -%}
    {%- if ml_has_version(database, none) -%}
        {%- set names -%}
            select model from {{ ml_table(database, 'model_versions') }}
            group by model order by jaro_winkler_similarity(model, {{ ml_text(name) }}) desc, model
        {%- endset -%}
        {%- do trained.extend(run_query(names).columns[0].values()) -%}
    {%- endif -%}
    {%- do ml_refusal(
        macro ~ " asks ML model '" ~ name ~ "', which was never trained; trained are: "
        ~ (trained | join(', ') or 'none'),
        "correct the name, or train it: dbt build --select " ~ name ~ ", or of an exposure: goldloop train " ~ name
    ) -%}
{% endmacro %}
