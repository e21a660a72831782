{# The table that a model of materialization ml_model learns from; none of an exposure's name. #}
{% macro ml_learnt_from(model) %}
    {{ return(none if model is string else ml_training_table(model)) }}
{% endmacro %}
