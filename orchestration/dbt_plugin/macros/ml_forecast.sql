{# The next steps of each series, from where its history ends: that learnt from, or another. #}
{% macro ml_forecast(model, history=none, horizon=none, level=none, version=none, prefix='') -%}
    {%- if not execute -%}
        (select 1 as parsed)
    {%- else -%}
        {%- set columns = {
            'as_of_date': 'date', 'step': 'integer', 'forecast_at': 'timestamp',
            'prediction': 'double', 'low': 'double', 'high': 'double', 'level': 'double',
            'method': 'varchar', 'reason': 'varchar'
        } -%}
        {%- set told = ml_ask_version(
            'forecast', 'ml_forecast', model, history, ml_prefixed(prefix, columns),
            {'version': version, 'horizon': horizon, 'level': level, 'task': 'forecast'}
        ) -%}
        {%- set series = [] -%}
        {%- for name in (told.series if told else ml_declared(ml_name(model)).key) -%}
            {%- do series.append(adapter.quote(name)) -%}
        {%- endfor -%}
        {%- set rows -%}
            {%- if told -%}
            select
                {{ series | join(', ') }},
                list(goldloop_moment order by goldloop_moment, goldloop_value) as goldloop_moments,
                list(goldloop_value order by goldloop_moment, goldloop_value) as goldloop_values
            from (
                select
                    {{ series | join(', ') }},
                    epoch_us({{ told.time }}) as goldloop_moment,
                    cast({{ told.value }} as double) as goldloop_value
                from {{ told.rows if history is none else history }}
                where {{ told.time }} is not null
                    and {{ series | join(' is not null and ') }} is not null
            ) as goldloop_history
            group by {{ series | join(', ') }}
            {%- else -%}
            {{ ml_nobody(series, ml_learnt_from(model) if history is none else history) }}
            {%- endif -%}
        {%- endset -%}
        {{ ml_select_several(
            'goldloop_forecast', told, rows, ['goldloop_moments', 'goldloop_values'], columns,
            prefix, ['goldloop_moments', 'goldloop_values']
        ) }}
    {%- endif -%}
{%- endmacro %}
