{# The best items of each user of a relation, beside all its columns; of each user learnt from
   without one. #}
{% macro ml_recommend(model, relation=none, top=none, version=none, prefix='') -%}
    {%- if not execute -%}
        (select 1 as parsed)
    {%- else -%}
        {%- set columns = {
            'rank': 'integer', 'item': 'varchar', 'score': 'double', 'is_fallback': 'boolean'
        } -%}
        {%- set told = ml_ask_version(
            'recommend', 'ml_recommend', model, relation, ml_prefixed(prefix, columns),
            {'version': version, 'top': top, 'task': 'recommendation'}
        ) -%}
        {%- set rows -%}
            {%- if relation is not none -%}
            select * from {{ relation }}
            {%- elif told -%}
            select distinct {{ told.user }} from {{ told.rows }} where {{ told.user }} is not null
            {%- else -%}
            {%- set declared = ml_declared(ml_name(model)) -%}
            {{ ml_nobody(
                [adapter.quote(declared.key | reject('equalto', declared.item) | first)],
                ml_learnt_from(model)
            ) }}
            {%- endif -%}
        {%- endset -%}
        {{ ml_select_several(
            'goldloop_recommend', told, rows,
            ['cast(' ~ told.user ~ ' as varchar)'] if told else [], columns, prefix
        ) }}
    {%- endif -%}
{%- endmacro %}
