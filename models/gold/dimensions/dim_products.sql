with products as (
    select
        product_id,
        product_name,
        category,
        list_price_cents,
        unit_cost_cents,
        is_discontinued,
        launched_date
    from {{ ref('slv_shop__products') }}
    where is_current
),

seen as (
    select product_id from products
    union distinct
    select product_id from {{ ref('slv_shop__order_items') }}
    union distinct
    select product_id from {{ ref('slv_plans__subscriptions') }}
    union distinct
    select product_id from {{ ref('slv_supply__inventory_snapshots') }}
    union distinct
    select product_id from {{ ref('slv_supply__purchase_order_lines') }}
    union distinct
    select product_id from {{ ref('slv_repairs__requests') }}
),

final as (
    select
        seen.product_id,
        coalesce(products.product_name, 'unknown') as product_name,
        coalesce(products.category, 'unknown') as category,
        products.list_price_cents,
        products.unit_cost_cents,
        products.product_id is not null as is_known,
        coalesce(products.is_discontinued, false) as is_discontinued,
        products.launched_date
    from seen
    left join products on seen.product_id = products.product_id
    where seen.product_id is not null
)

select * from final
