{# Every row of a relation, all its columns, whether it is an anomaly, and how anomalous it is. #}
{% macro ml_detect_anomalies(model, relation, version=none, prefix='') -%}
    {%- if not execute -%}
        (select 1 as parsed)
    {%- else -%}
        {%- set names = ['is_anomaly', 'anomaly_score'] -%}
        {%- set told = ml_told(
            'ml_detect_anomalies', model, relation, version, prefix, 0, names, 'anomaly_detection'
        ) -%}
        {{ ml_select_told('goldloop_tell', told, relation, prefix, 0, names) }}
    {%- endif -%}
{%- endmacro %}
