{# As ml_predict, with the features that made each prediction, the largest effects first. #}
{% macro ml_explain_predict(model, relation, top=3, version=none, prefix='') -%}
    {%- if not execute -%}
        (select 1 as parsed)
    {%- else -%}
        {%- set names = ['prediction', 'score'] -%}
        {%- set told = ml_told('ml_explain_predict', model, relation, version, prefix, top, names) -%}
        {{ ml_select_told('goldloop_explain', told, relation, prefix, top, names) }}
    {%- endif -%}
{%- endmacro %}
