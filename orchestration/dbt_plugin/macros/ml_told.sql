{# Which version tells, by what key, what it reads of a row and what type its word has. Where nothing
   is built and nothing was trained, none: the columns are there and empty. #}
{% macro ml_told(macro, model, relation, version, prefix, top, names, task=none) %}
    {%- do ml_check_table(macro) -%}
    {%- set adds = [] -%}
    {%- for name in names + ['model_name', 'model_version'] -%}
        {%- do adds.append(prefix ~ name) -%}
    {%- endfor -%}
    {%- for rank in range(1, top + 1) -%}
        {%- do adds.extend([prefix ~ 'reason_' ~ rank, prefix ~ 'reason_' ~ rank ~ '_effect']) -%}
    {%- endfor -%}
    {%- set name, database = ml_name(model), ml_database(model) -%}
    {%- if ml_is_dry() and not ml_has_version(database, name) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set scored = none -%}
    {%- if relation is not string -%}
        {%- set scored = {
            'database': relation.database, 'schema': relation.schema, 'name': relation.identifier
        } -%}
    {%- endif -%}
    {{ return(ml_ask('predict', {
        'macro': macro, 'database': database, 'model': name, 'version': version,
        'relation': scored, 'adds': adds, 'top': top, 'task': task,
        'zone': run_query("select current_setting('TimeZone')").columns[0].values()[0]
    })) }}
{% endmacro %}
