{# What a version is worth: each metric with its 95 % interval, on the rows held out. #}
{% macro ml_evaluate(model, version=none, data='test', segment='all') -%}
    {%- set where = [] -%}
    {%- if data is not none -%}
        {%- do where.append('data = ' ~ ml_text(data)) -%}
    {%- endif -%}
    {%- if segment is not none -%}
        {%- do where.append('segment = ' ~ ml_text(segment)) -%}
    {%- endif -%}
    {{ ml_registry(
        'ml_evaluate', model, 'evaluations',
        ['model', 'version', 'data', 'segment', 'metric', 'value', 'low', 'high', 'rows'],
        version, where
    ) }}
{%- endmacro %}
