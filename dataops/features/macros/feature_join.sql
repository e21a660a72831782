{# Each row of the spine once, with the newest row of each view that happened at most its ttl
   before the spine's time and was known by then; ties by the later event, then the later known. #}
{% macro feature_join(spine, time, views) -%}
    {{ return(adapter.dispatch('feature_join')(spine, time, views)) }}
{%- endmacro %}

{% macro default__feature_join(spine, time, views) -%}
    {%- set as_of = adapter.quote(time) -%}
with training_spine as (
    select *
    from {{ spine }}
),
{% for view in views %}
    {%- set event_at = feature_instant('facts.' ~ adapter.quote(view.event_time)) -%}
    {%- set known_at = feature_instant('facts.' ~ adapter.quote(view.known_time)) -%}
    {%- set spine_at = feature_instant('moments.' ~ as_of) %}
{{ feature_comment(view, time) }}
{{ view.name }} as (
    select
        {%- for key in view.spine_keys %}
        moments.{{ adapter.quote(key) }} as _key_{{ loop.index }},
        {%- endfor %}
        moments.{{ as_of }} as _spine_time,
        {%- for feature, output in view.columns %}
        facts.{{ adapter.quote(feature) }} as {{ adapter.quote(output) }},
        {%- endfor %}
        row_number() over (
            partition by
                {%- for key in view.spine_keys %}
                moments.{{ adapter.quote(key) }},
                {%- endfor %}
                moments.{{ as_of }}
            order by {{ event_at }} desc, {{ known_at }} desc
        ) as _place
    from (
        select distinct
            {%- for key in view.spine_keys %}
            {{ adapter.quote(key) }},
            {%- endfor %}
            {{ as_of }}
        from training_spine
    ) as moments
    inner join {{ view.relation }} as facts
        on {{ feature_on('moments', view.spine_keys, 'facts', view.quoted_entity) }}
        and {{ event_at }} <= {{ spine_at }}
        and {{ known_at }} <= {{ spine_at }}
        {%- if view.ttl_seconds is not none %}
        and {{ event_at }} >= {{ spine_at }} - interval '{{ view.ttl_seconds }}' second
        {%- endif %}
){{ ',' if not loop.last }}
{% endfor %}
select
    training_spine.*,
    {{ feature_outputs(views) }}
from training_spine
{%- for view in views %}
left join {{ view.name }}
    on {{ feature_on('training_spine', view.spine_keys, view.name, view.internal_keys, 4) }}
    and training_spine.{{ as_of }} = {{ view.name }}._spine_time
    and {{ view.name }}._place = 1
{%- endfor %}
{%- endmacro %}
