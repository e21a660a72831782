{# How many rows held out are of which class and were told to be of which. #}
{% macro ml_confusion_matrix(model, version=none) -%}
    {{ ml_registry(
        'ml_confusion_matrix', model, 'confusion', ['model', 'version', 'truth', 'told', 'rows'],
        version
    ) }}
{%- endmacro %}
