with

features as (
    select
        session_id,
        platform,
        device,
        actions,
        actions_1m,
        clickouts,
        since_clickout_seconds,
        filters,
        searches,
        hotels,
        images_seconds,
        searching_seconds,
        since_search_seconds,
        as_of
    from {{ ref('ftr_sessions') }}
),

clickouts as (
    select
        session_id,
        max(occurred_at) as last_clickout_at
    from {{ ref('slv_clicks__actions') }}
    where action_type = 'clickout item'
    group by session_id
),

final as (
    select
        features.session_id,
        features.platform,
        features.device,
        features.actions,
        features.actions_1m,
        features.clickouts,
        features.since_clickout_seconds,
        features.filters,
        features.searches,
        features.hotels,
        features.images_seconds,
        features.searching_seconds,
        features.since_search_seconds,
        features.as_of,
        coalesce(clickouts.last_clickout_at >= features.as_of, false) as is_clickout
    from features
    left join clickouts on features.session_id = clickouts.session_id
)

select * from final
