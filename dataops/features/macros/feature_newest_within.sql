{# On DuckDB, within a ttl: a row of the spine meets the facts of its own stretch of time, which is
   as long as the ttl, and of the stretch before; never the whole history of its key. #}
{% macro feature_newest_within(view) -%}
    {%- set ttl = view.ttl_seconds * 1000000 -%}
    {%- set stretch = ' // ' ~ ttl if ttl else '' -%}
    select
        moments._spine_row,
        arg_max(facts._event_time, facts._recency) as _event_time,
        arg_max(facts._known_time, facts._recency) as _known_time
    from (
        select
            *,
            _spine_at{{ stretch }} as _stretch
        from training_spine
        {%- if ttl %}
        union all
        select
            *,
            _spine_at{{ stretch }} - 1 as _stretch
        from training_spine
        {%- endif %}
    ) as moments
    inner join {{ view.name }}__facts as facts
        on {{ feature_on('moments', view.spine_keys, 'facts', view.internal_keys) }}
        and moments._stretch = facts._event_at{{ stretch }}
        and moments._spine_at - {{ ttl }} <= facts._event_at
        and moments._spine_at >= facts._event_at
        and moments._spine_at >= facts._known_at
    group by moments._spine_row
{%- endmacro %}
