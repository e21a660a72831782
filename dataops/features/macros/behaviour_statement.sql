{# At each moment, what happened in the windows before it: `moment - over <= time < moment`, and
   only what was known at the moment: of an event that was corrected, the version known then. #}
{% macro behaviour_statement(events, view, declared, moments=none, calendar=none) -%}
    {%- set features = behaviour_features(declared) -%}
    {%- set columns = behaviour_columns(declared, features) -%}
    {%- set superseded = [declared.superseded] if declared.superseded else [] -%}
    {%- do feature_check_columns(
        events, 'behaviour', view.entity + columns + [declared.time, declared.known] + superseded
    ) -%}
    {%- set as_of = adapter.quote(view.event_time) -%}
    {%- set keys = feature_quoted(view.entity) -%}
    {%- set longest = behaviour_longest(features) -%}
    {%- set has_time_spent = features | selectattr('verb', 'equalto', 'seconds') | list | length > 0 -%}
with behaviour_events as (
    select
        {%- for key in keys %}
        {{ key }} as _key_{{ loop.index }},
        {%- endfor %}
        {%- for column in columns %}
        {{ adapter.quote(column) }} as _value_{{ loop.index }},
        {%- endfor %}
        {{ feature_instant(adapter.quote(declared.time)) }} as _at,
        {%- for column in superseded %}
        {{ feature_instant(adapter.quote(column)) }} as _superseded_at,
        {%- endfor %}
        {{ feature_instant(adapter.quote(declared.known)) }} as _known_at
    from {{ events }}
    where {{ keys | join(' is not null and ') }} is not null
),

behaviour_moments as (
    {{ behaviour_moments(view, declared, moments, calendar) }}
),

behaviour_seen as (
    select
        {%- for key in keys %}
        {{ ('behaviour_moments' if moments else 'behaviour_events') ~ '._key_' ~ loop.index }},
        {%- endfor %}
        {%- for column in columns %}
        behaviour_events._value_{{ loop.index }},
        {%- endfor %}
        behaviour_events._at,
        behaviour_events._known_at,
        behaviour_moments._moment,
        behaviour_moments._moment_at
    from behaviour_moments
    {{ 'left' if moments else 'inner' }} join behaviour_events
        on
            behaviour_events._at < behaviour_moments._moment_at
            and behaviour_events._known_at <= behaviour_moments._moment_at
            {%- if superseded %}
            and coalesce(
                behaviour_events._superseded_at,
                {{ feature_instant("cast('9999-12-31' as timestamp)") }}
            ) > behaviour_moments._moment_at
            {%- endif %}
            {%- if longest is not none %}
            and behaviour_events._at >= {{ feature_later('behaviour_moments._moment_at', 0 - longest) }}
            {%- endif %}
            {%- for key in keys if moments %}
            and behaviour_events._key_{{ loop.index }} = behaviour_moments._key_{{ loop.index }}
            {%- endfor %}
)
{%- if has_time_spent -%}
,

-- Until the entity's next event that was known at the moment.
behaviour_timed as (
    select
        *,
        lead(_at) over (
            partition by
                {%- for key in keys %}
                _key_{{ loop.index }},
                {%- endfor %}
                _moment
            order by _at, _value_1, _known_at
        ) as _next_at
    from behaviour_seen
)
{%- endif %}

select
    {%- for key in keys %}
    _key_{{ loop.index }} as {{ key }},
    {%- endfor %}
    {%- for feature in features %}
    {{ behaviour_expression(feature, columns, declared) }} as {{ adapter.quote(feature.name) }},
    {%- endfor %}
    _moment as {{ as_of }}
from {{ 'behaviour_timed' if has_time_spent else 'behaviour_seen' }}
group by
    {%- for key in keys %}
    _key_{{ loop.index }},
    {%- endfor %}
    _moment,
    _moment_at
{%- endmacro %}
