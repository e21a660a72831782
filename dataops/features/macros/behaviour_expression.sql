{# One feature as an aggregate over what was seen at a moment. Nothing in the window is 0 for what
   counts or adds up, and null for an average and a recency. #}
{% macro behaviour_expression(feature, columns, declared) -%}
    {%- set conditions = [] -%}
    {%- if feature.events is not none -%}
        {%- set quoted = [] -%}
        {%- for event in feature.events -%}
            {%- do quoted.append("'" ~ event | replace("'", "''") ~ "'") -%}
        {%- endfor -%}
        {%- do conditions.append('_value_1 in (' ~ quoted | join(', ') ~ ')') -%}
    {%- endif -%}
    {%- if feature.seconds is not none -%}
        {%- do conditions.append('_at >= ' ~ feature_later('_moment_at', 0 - feature.seconds)) -%}
    {%- endif -%}
    {%- if feature.verb == 'seconds' -%}
        {%- set pause = feature_duration(declared.inactivity or '30 minutes', 'inactivity') -%}
        {%- if pause is not none -%}
            {%- do conditions.append('_next_at <= ' ~ feature_later('_at', pause)) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do conditions.append('_at is not null') -%}
    {%- set value = '_at' if not feature.column
        else '_value_' ~ (columns.index(feature.column) + 1) -%}
    {%- set value = feature_elapsed('_at', '_next_at') if feature.verb == 'seconds' else value -%}
    {%- set chosen = 'case when ' ~ conditions | join(' and ') ~ ' then ' ~ value ~ ' end' -%}
    {%- if feature.verb == 'count' -%}
        count({{ chosen }})
    {%- elif feature.verb == 'distinct' -%}
        count(distinct {{ chosen }})
    {%- elif feature.verb == 'avg' -%}
        cast(sum({{ behaviour_exact(chosen) }}) as double) / count({{ chosen }})
    {%- elif feature.verb == 'recency' -%}
        {{ feature_elapsed('max(' ~ chosen ~ ')', '_moment_at') }}
    {%- else -%}
        cast(coalesce(sum({{ behaviour_exact(chosen) }}), 0) as double)
    {%- endif -%}
{%- endmacro %}
