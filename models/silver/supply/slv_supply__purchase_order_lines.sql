with cleaned as (
    select
        {{ clean_id('purchase_order_id') }} as purchase_order_id,
        line_number,
        {{ clean_id('product_id') }} as product_id,
        quantity,
        unit_cost_cents,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_supply__purchase_order_lines') }}
),

-- An order is delivered whole: its last delivery says which lines it has, earlier ones do not.
placed as (
    select
        *,
        rank() over (
            partition by purchase_order_id order by _delivered_at desc, _file desc, _row desc
        ) as delivery_place
    from cleaned
    where purchase_order_id is not null and line_number is not null
),

numbered as (
    select
        *,
        row_number() over (
            partition by purchase_order_id, line_number
            order by product_id asc, quantity asc, unit_cost_cents asc
        ) as line_place
    from placed
    where delivery_place = 1
),

final as (
    select
        purchase_order_id,
        line_number,
        product_id,
        quantity,
        unit_cost_cents,
        _delivered_at
    from numbered
    where line_place = 1
)

select * from final
