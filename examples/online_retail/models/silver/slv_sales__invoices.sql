with

invoice_lines as (
    select
        invoice_id,
        product_id,
        customer_id,
        country,
        line_type,
        quantity,
        amount_gbp,
        invoiced_at,
        _delivered_at
    from {{ ref('slv_sales__invoice_lines') }}
),

invoices as (
    select
        invoice_id,
        min(customer_id) as customer_id,
        min(country) as country,
        -- The mark of a cancellation or an adjustment is on the invoice: all its lines share it.
        max(case when line_type in ('cancellation', 'adjustment') then line_type else 'sale' end)
            as invoice_type,
        count(distinct product_id) as products,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(amount_gbp) as decimal(18, 3)) as amount_gbp,
        min(invoiced_at) as invoiced_at,
        max(_delivered_at) as _delivered_at
    from invoice_lines
    group by invoice_id
),

final as (
    select
        invoice_id,
        customer_id,
        country,
        invoice_type,
        products,
        quantity,
        amount_gbp,
        invoice_type = 'sale' and amount_gbp > 0 and customer_id is not null as is_purchase,
        invoice_type = 'cancellation' as is_cancellation,
        cast(invoiced_at as date) as invoiced_date,
        invoiced_at,
        _delivered_at
    from invoices
)

select * from final
