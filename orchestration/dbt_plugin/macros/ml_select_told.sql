{# The select that asks the plugin's function row by row; its columns after those of the relation. #}
{% macro ml_select_told(function, told, relation, prefix, top, names) -%}
(
    select
        goldloop_rows.* exclude (goldloop_told),
        cast(struct_extract(goldloop_told, 'prediction') as {{ told.type if told else 'varchar' }})
            as {{ adapter.quote(prefix ~ names[0]) }},
        struct_extract(goldloop_told, 'score') as {{ adapter.quote(prefix ~ names[1]) }},
        {% for rank in range(1, top + 1) -%}
        struct_extract(goldloop_told, 'reasons')[{{ rank }}].feature
            as {{ adapter.quote(prefix ~ 'reason_' ~ rank) }},
        struct_extract(goldloop_told, 'reasons')[{{ rank }}].effect
            as {{ adapter.quote(prefix ~ 'reason_' ~ rank ~ '_effect') }},
        {% endfor -%}
        {{ ml_text(told.model) if told else 'cast(null as varchar)' }}
            as {{ adapter.quote(prefix ~ 'model_name') }},
        cast({{ told.version if told else 'null' }} as integer)
            as {{ adapter.quote(prefix ~ 'model_version') }}
    from (
        select
            goldloop_relation.*,
            {% if told -%}
            {{ function }}(
                {{ ml_text(told.key) }},
                {{ told.features | join(',\n                ') }}
            ) as goldloop_told
            {%- else -%}
            cast(null as struct(
                prediction varchar, score double, reasons struct(feature varchar, effect double)[]
            )) as goldloop_told
            {%- endif %}
        from (select * from {{ relation }}) as goldloop_relation
    ) as goldloop_rows
)
{%- endmacro %}
