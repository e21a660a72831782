with source as (
    select
        return_id,
        order_id,
        reason,
        line_number,
        quantity,
        refund_cents,
        returned_at,
        _file,
        _row,
        _delivered_at,
        _loaded_at
    from {{ source('shop', 'returns') }}
)

select * from source
