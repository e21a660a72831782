{# Whether dbt only looks at the project (compile, docs) or builds it without rows (--empty). #}
{% macro ml_is_dry() %}
    {{ return(flags.WHICH in ('compile', 'generate') or flags.EMPTY) }}
{% endmacro %}
