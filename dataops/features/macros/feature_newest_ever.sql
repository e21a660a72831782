{# On DuckDB, without a ttl: a fact that a newer one came before can never be the newest, so it
   goes; what is left is in order of event and of knowledge alike, and the last one known wins. #}
{% macro feature_newest_ever(view) -%}
    select
        training_spine._spine_row,
        facts._event_time,
        facts._known_time
    from training_spine
    asof inner join (
        select
            *,
            greatest(_event_at, _known_at) as _available_at
        from {{ view.name }}__facts
        where _recency is not null
        qualify _recency = max(_recency) over (
            partition by {{ view.internal_keys | join(', ') }}
            order by greatest(_event_at, _known_at)
        )
    ) as facts
        on {{ feature_on('training_spine', view.spine_keys, 'facts', view.internal_keys) }}
        and training_spine._spine_at >= facts._available_at
{%- endmacro %}
