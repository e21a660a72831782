{# How far the features of a relation are from the rows that a version was trained on. #}
{% macro ml_validate_skew(model, relation, version=none, psi=0.25) -%}
    {%- if not execute -%}
        (select 1 as parsed)
    {%- else -%}
        {{ ml_distances('skew', {
            'macro': 'ml_validate_skew', 'database': ml_database(model), 'model': ml_name(model),
            'version': version, 'relation': ml_place('ml_validate_skew', relation), 'psi': psi
        }) }}
    {%- endif -%}
{%- endmacro %}
