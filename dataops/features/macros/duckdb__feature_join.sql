{# Rows are found by their keys and times first and their columns fetched after, so that nothing
   wide is sorted or grouped. #}
{% macro duckdb__feature_join(spine, time, views) -%}
with training_spine as (
    select
        *,
        row_number() over () as _spine_row,
        {{ feature_instant(adapter.quote(time)) }} as _spine_at
    from {{ spine }}
),
{% for view in views %}
{{ feature_comment(view, time) }}
{{ view.name }}__facts as (
    {{ feature_facts(view) }}
),

{{ view.name }}__newest as (
    {{ feature_newest_ever(view) if view.ttl_seconds is none else feature_newest_within(view) }}
),

{{ view.name }} as (
    select
        {%- for key in view.quoted_entity %}
        {{ key }} as _key_{{ loop.index }},
        {%- endfor %}
        {{ adapter.quote(view.event_time) }} as _event_time,
        {{ adapter.quote(view.known_time) }} as _known_time,
        {%- for feature, output in view.columns %}
        {{ adapter.quote(feature) }} as {{ adapter.quote(output) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ view.relation }}
){{ ',' if not loop.last }}
{% endfor %}
select
    training_spine.* exclude (_spine_row, _spine_at),
    {{ feature_outputs(views) }}
from training_spine
{%- for view in views %}
left join {{ view.name }}__newest
    on training_spine._spine_row = {{ view.name }}__newest._spine_row
left join {{ view.name }}
    on {{ feature_on('training_spine', view.spine_keys, view.name, view.internal_keys, 4) }}
    and {{ view.name }}__newest._event_time = {{ view.name }}._event_time
    and {{ view.name }}__newest._known_time = {{ view.name }}._known_time
{%- endfor %}
{%- endmacro %}
