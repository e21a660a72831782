with cleaned as (
    select
        {{ clean_id('return_id') }} as return_id,
        {{ clean_id('order_id') }} as order_id,
        {{ conform_code(
            'reason',
            ['defective', 'changed_mind', 'wrong_item', 'late']
        ) }} as return_reason,
        line_number,
        quantity,
        refund_cents,
        returned_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_shop__returns') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['return_id'],
        content=[
            'order_id', 'return_reason', 'line_number', 'quantity', 'refund_cents',
            'returned_at'
        ],
        required=['returned_at']
    ) }}
)

select * from final
