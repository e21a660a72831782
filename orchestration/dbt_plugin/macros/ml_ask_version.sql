{# What the plugin says of the version that tells of a relation, none for the model's own. Where
   nothing is built and nothing was trained it is asked nothing. #}
{% macro ml_ask_version(what, macro, model, relation, adds, question) %}
    {%- do ml_check_table(macro) -%}
    {%- set name, database = ml_name(model), ml_database(model) -%}
    {%- if ml_is_dry() and not ml_has_version(database, name) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set read = none -%}
    {%- if relation is not none and relation is not string -%}
        {%- set read = {
            'database': relation.database, 'schema': relation.schema, 'name': relation.identifier
        } -%}
    {%- endif -%}
    {%- do question.update({
        'macro': macro, 'database': database, 'model': name, 'adds': adds, 'relation': read,
        'given': relation is not none, 'dry': ml_is_dry()
    }) -%}
    {{ return(ml_ask(what, question)) }}
{% endmacro %}
