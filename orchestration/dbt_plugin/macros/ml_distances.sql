{# The distances that the plugin works out when the statement is run, a row for each column. #}
{% macro ml_distances(what, question) -%}
    {%- do ml_check_plugin() -%}
    {%- do ml_check_table(question.macro) -%}
    {%- do question.update({'ask': what, 'folder': flags.PROJECT_DIR | string}) -%}
    {%- set numbers = [
        'psi', 'jensen_shannon', 'total_variation', 'kolmogorov_smirnov', 'wasserstein',
        'wasserstein_norm', 'chi_square', 'p_value', 'missing', 'unseen', 'threshold'
    ] -%}
(
    select
        told ->> 'column' as column_name,
        {% for number in numbers -%}
        cast(told ->> '{{ number }}' as double) as {{ number }},
        {% endfor -%}
        cast(told ->> 'is_drifted' as boolean) as is_drifted
    from (
        {% if flags.EMPTY -%}
        select cast(null as json) as told where false
        {%- else -%}
        select unnest(cast(goldloop_rows({{ ml_text(tojson(question)) }}) as json[])) as told
        {%- endif %}
    ) as goldloop_distances
)
{%- endmacro %}
