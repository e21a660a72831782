with cleaned as (
    select
        {{ clean_id('purchase_order_id') }} as purchase_order_id,
        coalesce({{ clean_text('supplier_name') }}, 'unknown') as supplier_name,
        {{ conform_code('status', ['open', 'received', 'cancelled']) }} as order_status,
        expected_date,
        ordered_at,
        received_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_supply__purchase_orders') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['purchase_order_id'],
        content=['supplier_name', 'order_status', 'expected_date', 'ordered_at', 'received_at'],
        required=['ordered_at']
    ) }}
)

select * from final
