{# How far each column of a relation has moved from the same column of another. #}
{% macro ml_validate_drift(baseline, relation, columns=none, psi=0.25) -%}
    {%- if not execute -%}
        (select 1 as parsed)
    {%- else -%}
        {{ ml_distances('drift', {
            'macro': 'ml_validate_drift', 'database': target.database, 'columns': columns,
            'baseline': ml_place('ml_validate_drift', baseline),
            'relation': ml_place('ml_validate_drift', relation), 'psi': psi
        }) }}
    {%- endif -%}
{%- endmacro %}
