{# Where a relation is. What compares reads it by a connection of its own, which sees no CTE. #}
{% macro ml_place(macro, relation) %}
    {%- if relation is string -%}
        {%- do ml_refusal(
            macro ~ " is given '" ~ relation ~ "'; allowed: ref() or source()",
            "make a model of it and name that by ref()"
        ) -%}
    {%- endif -%}
    {{ return({
        'database': relation.database, 'schema': relation.schema, 'name': relation.identifier
    }) }}
{% endmacro %}
