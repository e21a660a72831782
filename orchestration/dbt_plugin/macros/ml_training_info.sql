{# How a version was trained: on what, by which code, in which run, with what outcome. #}
{% macro ml_training_info(model, version=none) -%}
    {{ ml_registry(
        'ml_training_info', model, 'model_versions',
        ['model', 'version', 'status', 'reason', 'task', 'estimator', 'params', 'seed', 'label',
            'classes', 'threshold', 'train_relation', 'data_rows', 'train_rows', 'test_rows',
            'test_from', 'data_hash', 'fingerprint', 'libraries', 'code_version', 'release',
            'run_id', 'created_at', 'decided_at'],
        version
    ) }}
{%- endmacro %}
