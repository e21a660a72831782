{%- set delivered = [
    'brz_shop__customers', 'brz_shop__products', 'brz_shop__stores', 'brz_shop__orders',
    'brz_shop__order_items', 'brz_shop__returns', 'brz_plans__subscriptions',
    'brz_plans__cancellations', 'brz_supply__inventory_snapshots',
    'brz_supply__purchase_orders', 'brz_app__events', 'brz_support__calls',
    'brz_repairs__requests', 'brz_repairs__photos', 'brz_privacy__consents'
] -%}

with deliveries as (
    {% for relation in delivered %}
        select
            min(_delivered_at) as first_delivered_at,
            max(_delivered_at) as last_delivered_at
        from {{ ref(relation) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

extremes as (
    select
        min(first_delivered_at) as first_delivered_at,
        max(last_delivered_at) as last_delivered_at
    from deliveries
),

final as (
    select
        cast(first_delivered_at as date) as first_date,
        cast(last_delivered_at as date) as clock_date,
        first_delivered_at,
        last_delivered_at
    from extremes
    where last_delivered_at is not null
)

select * from final
