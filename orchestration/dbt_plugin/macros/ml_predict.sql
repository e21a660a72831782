{# Every row of a relation, all its columns, and what the model's champion tells of it. #}
{% macro ml_predict(model, relation, version=none, prefix='') -%}
    {%- if not execute -%}
        (select 1 as parsed)
    {%- else -%}
        {%- set names = ['prediction', 'score'] -%}
        {%- set told = ml_told('ml_predict', model, relation, version, prefix, 0, names) -%}
        {{ ml_select_told('goldloop_tell', told, relation, prefix, 0, names) }}
    {%- endif -%}
{%- endmacro %}
