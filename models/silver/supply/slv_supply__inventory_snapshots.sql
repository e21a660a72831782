with cleaned as (
    select
        {{ clean_id('store_id') }} as store_id,
        {{ clean_id('product_id') }} as product_id,
        snapshot_date,
        on_hand_quantity,
        reserved_quantity,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_supply__inventory_snapshots') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['store_id', 'product_id', 'snapshot_date'],
        content=['on_hand_quantity', 'reserved_quantity']
    ) }}
)

select * from final
