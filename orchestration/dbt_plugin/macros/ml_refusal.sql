{# Ends the compilation: what is wrong, and what to do. #}
{% macro ml_refusal(problem, fix) %}
    {{ exceptions.raise_compiler_error(problem ~ ' — ' ~ fix) }}
{% endmacro %}
