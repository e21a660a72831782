{# A text as SQL has it. #}
{% macro ml_text(text) %}
    {{- return("'" ~ text | replace("'", "''") ~ "'") -}}
{% endmacro %}
