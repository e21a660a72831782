{# Refuses models of which one reads, by whatever way, what it is itself about to tell, unless a
   model on the way declares a lag. dbt sees no circle: it closes between an ML model, an exposure,
   and the source of its predictions. #}
{% macro ml_refuse_feedback() %}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {%- set readers = ml_readers() -%}
    {%- for exposure in graph.exposures.values() if exposure.type == 'ml' -%}
        {%- set before, reached = {}, [exposure.unique_id] -%}
        {#- What is met is added while it is gone through. -#}
        {%- for each in reached -%}
            {%- for reader in readers.get(each, []) if reader not in before -%}
                {%- do before.update({reader: each}) -%}
                {%- do reached.append(reader) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if exposure.unique_id in before -%}
            {%- set way, here = [exposure.unique_id], namespace(id=before[exposure.unique_id]) -%}
            {%- for _ in reached if here.id != exposure.unique_id -%}
                {%- do way.insert(0, here.id) -%}
                {%- set here.id = before[here.id] -%}
            {%- endfor -%}
            {%- do way.insert(0, exposure.unique_id) -%}
            {%- do ml_refusal(
                'the graph goes in a circle: ' ~ way | map('replace', 'exposure.', 'ml.')
                | join(' -> ') ~ '; a model would learn from what it is about to tell',
                'let a model on the way read predictions of days before alone and declare it '
                ~ '(config: {meta: {feedback: {lag: <its time>}}}), or read another table'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
