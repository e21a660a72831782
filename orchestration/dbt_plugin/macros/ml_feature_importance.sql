{# What each feature matters: by how much the metric is worse when its values are shuffled. #}
{% macro ml_feature_importance(model, version=none) -%}
    {{ ml_registry(
        'ml_feature_importance', model, 'importances',
        ['model', 'version', 'feature', 'metric', 'value', 'low', 'high'], version
    ) }}
{%- endmacro %}
