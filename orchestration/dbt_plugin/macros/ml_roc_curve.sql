{# The ROC curve of each class on the rows held out, point by point. #}
{% macro ml_roc_curve(model, version=none) -%}
    {{ ml_registry(
        'ml_roc_curve', model, 'curves',
        ['model', 'version', 'class', 'point', 'threshold', 'x as false_positive_rate',
            'y as true_positive_rate'],
        version, ["curve = 'roc'"]
    ) }}
{%- endmacro %}
