with

invoice_lines as (
    select
        "InvoiceNo" as invoice_id,
        "StockCode" as product_id,
        "CustomerID" as customer_id,
        "Description" as product_name,
        "Country" as country,
        "Quantity" as quantity,
        "UnitPrice" as unit_price_gbp,
        "InvoiceDate" as invoiced_at,
        _file,
        _row,
        _delivered_at
    from {{ source('retail', 'invoice_lines') }}
),

final as (
    select * from invoice_lines
)

select * from final
