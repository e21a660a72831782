{# The select that asks the plugin's function, which tells several rows of one, and takes them
   apart. Its columns stand after those of the rows, less what is hidden of these. #}
{% macro ml_select_several(function, told, rows, arguments, columns, prefix, hidden=[]) -%}
(
    select
        goldloop_rows.* exclude (goldloop_told),
        {% for name in columns -%}
        struct_extract(goldloop_told, '{{ name }}') as {{ adapter.quote(prefix ~ name) }},
        {% endfor -%}
        {{ ml_text(told.model) if told else 'cast(null as varchar)' }}
            as {{ adapter.quote(prefix ~ 'model_name') }},
        cast({{ told.version if told else 'null' }} as integer)
            as {{ adapter.quote(prefix ~ 'model_version') }}
    from (
        select
            goldloop_relation.*{% if told and hidden %} exclude ({{ hidden | join(', ') }}){% endif %},
            {% if told -%}
            unnest({{ function }}({{ ml_text(told.key) }}, {{ arguments | join(', ') }}))
                as goldloop_told
            {%- else -%}
            unnest(cast([] as struct(
                {%- for name, type in columns.items() %}
                {{ adapter.quote(name) }} {{ type }}{{ ',' if not loop.last }}
                {%- endfor %}
            )[])) as goldloop_told
            {%- endif %}
        from (
            {{ rows }}
        ) as goldloop_relation
    ) as goldloop_rows
)
{%- endmacro %}
