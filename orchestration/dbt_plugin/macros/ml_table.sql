{# A table of the registry, docs/ml.md. #}
{% macro ml_table(database, name) %}
    {{- return(api.Relation.create(database=database, schema='ml', identifier=name)) -}}
{% endmacro %}
