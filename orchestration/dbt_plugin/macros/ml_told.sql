{# Which version tells, by what key, what it reads of a row and what type its word has. Where nothing
   is built and nothing was trained, none: the columns are there and empty. #}
{% macro ml_told(macro, model, relation, version, prefix, top, names, task=none) %}
    {%- set adds = ml_prefixed(prefix, names) -%}
    {%- for rank in range(1, top + 1) -%}
        {%- do adds.extend([prefix ~ 'reason_' ~ rank, prefix ~ 'reason_' ~ rank ~ '_effect']) -%}
    {%- endfor -%}
    {{ return(ml_ask_version('predict', macro, model, relation, adds, {
        'version': version, 'top': top, 'task': task,
        'zone': run_query("select current_setting('TimeZone')").columns[0].values()[0]
    })) }}
{% endmacro %}
