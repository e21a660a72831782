{# What the model declares: `feature_view` and `behaviour` of its `config.meta`. dbt's unit tests do
   not show it; there this macro is overridden with what it would return. #}
{% macro behaviour_declared() %}
    {%- set meta = model.config.meta or {} -%}
    {%- for key in ['feature_view', 'behaviour'] if key not in meta -%}
        {%- do feature_refusal(
            'the model calls behaviour() and its YAML has no config.meta.' ~ key,
            'declare it (docs/clickstream.md; in a unit test, override the macro behaviour_declared)'
        ) -%}
    {%- endfor -%}
    {{ return(meta) }}
{% endmacro %}
