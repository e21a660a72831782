with cleaned as (
    select
        {{ clean_id('order_id') }} as order_id,
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_id('store_id') }} as store_id,
        {{ conform_code('status', ['completed', 'cancelled']) }} as order_status,
        {{ conform_code(
            'payment_method',
            ['card', 'paypal', 'invoice', 'cash']
        ) }} as payment_method,
        coalesce(nullif(upper(trim(currency)), ''), 'unknown') as currency_code,
        ordered_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_shop__orders') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['order_id'],
        content=[
            'customer_id', 'store_id', 'order_status', 'payment_method', 'currency_code',
            'ordered_at'
        ],
        required=['ordered_at']
    ) }}
)

select * from final
