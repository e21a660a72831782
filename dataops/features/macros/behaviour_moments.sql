{# The moments: `_moment` as the view shows it, `_moment_at` as an instant. #}
{% macro behaviour_moments(view, declared, moments, calendar) -%}
    {%- set as_of = adapter.quote(view.event_time) -%}
    {%- if moments or calendar -%}
    select distinct
        {%- for key in feature_quoted(view.entity) if moments %}
        {{ key }} as _key_{{ loop.index }},
        {%- endfor %}
        {{ as_of }} as _moment,
        {{ feature_instant(as_of) }} as _moment_at
    from {{ moments or calendar }}
    where {{ ((feature_quoted(view.entity) if moments else []) + [as_of]) | join(' is not null and ') }} is not null
    {%- else -%}
    select
        _moment,
        {{ feature_instant('_moment') }} as _moment_at
    from ({{ behaviour_series(
        feature_duration(declared.every, 'every'),
        ['_at', '_known_at'] + (['_superseded_at'] if declared.superseded else [])
    ) }}) as behaviour_series
    {%- endif -%}
{%- endmacro %}
