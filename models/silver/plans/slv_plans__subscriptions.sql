with cleaned as (
    select
        {{ clean_id('subscription_id') }} as subscription_id,
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_id('product_id') }} as product_id,
        {{ conform_code('plan_tier', ['basic', 'plus', 'premium']) }} as plan_tier,
        monthly_price_cents,
        started_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_plans__subscriptions') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['subscription_id'],
        content=[
            'customer_id', 'product_id', 'plan_tier', 'monthly_price_cents', 'started_at'
        ],
        required=['customer_id', 'started_at']
    ) }}
)

select * from final
