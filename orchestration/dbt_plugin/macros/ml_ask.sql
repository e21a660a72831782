{# The plugin's answer to a question, a mapping; what it cannot answer ends the compilation. #}
{% macro ml_ask(what, question) %}
    {%- do ml_check_plugin() -%}
    {%- do question.update({'ask': what, 'folder': flags.PROJECT_DIR | string}) -%}
    {%- set asked = "select goldloop('" ~ tojson(question) | replace("'", "''") ~ "') as answer" -%}
    {%- set answer = fromjson(run_query(asked).columns[0].values()[0]) -%}
    {%- if answer.error is defined -%}
        {{ exceptions.raise_compiler_error(answer.error) }}
    {%- endif -%}
    {{ return(answer) }}
{% endmacro %}
