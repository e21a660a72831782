{# The table of the rows that a model of materialization ml_model has learnt from. #}
{% macro ml_training_table(model) %}
    {{ return(api.Relation.create(
        database=model.database, schema=model.schema, identifier=model.identifier ~ '__training',
        type='table'
    )) }}
{% endmacro %}
