with returns as (
    select
        return_id,
        order_id,
        return_reason,
        line_number,
        quantity,
        refund_cents,
        returned_at
    from {{ ref('slv_shop__returns') }}
    where is_current
),

items as (
    select
        order_id,
        line_number,
        customer_id,
        store_id,
        product_id
    from {{ ref('fct_order_items') }}
),

final as (
    select
        returns.return_id,
        returns.order_id,
        returns.line_number,
        items.customer_id,
        items.store_id,
        items.product_id,
        returns.return_reason,
        returns.quantity,
        returns.refund_cents,
        items.order_id is not null as is_order_known,
        cast(returns.returned_at as date) as returned_date,
        returns.returned_at
    from returns
    left join items
        on
            returns.order_id = items.order_id
            and returns.line_number = items.line_number
)

select * from final
