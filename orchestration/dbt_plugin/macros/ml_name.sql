{# The name of an ML model: that of the dbt model that trains it, or of its exposure as text. #}
{% macro ml_name(model) %}
    {%- if model is string -%}
        {{ return(model) }}
    {%- endif -%}
    {%- set trained = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if node.config.materialized == 'ml_model' -%}
            {%- if node.alias == model.identifier and node.schema == model.schema -%}
                {{ return(node.name) }}
            {%- endif -%}
            {%- do trained.append(node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if model.identifier in trained -%}
        {# One that is deferred to stands in another schema. #}
        {{ return(model.identifier) }}
    {%- endif -%}
    {%- do ml_refusal(
        model ~ " is no ML model; allowed: ref() of a model materialized as ml_model ("
        ~ (trained | sort | join(', ') or 'there is none') ~ "), or the name of an exposure as text",
        "correct it in " ~ this.identifier
    ) -%}
{% endmacro %}
