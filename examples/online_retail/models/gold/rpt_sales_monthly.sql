with

invoice_lines as (
    select
        invoice_id,
        customer_id,
        country,
        line_type,
        quantity,
        amount_gbp,
        has_customer,
        cast(date_trunc('month', invoiced_date) as date) as sales_month
    from {{ ref('slv_sales__invoice_lines') }}
),

final as (
    select
        sales_month,
        country,
        count(*) as invoice_lines,
        count(distinct case when line_type = 'sale' then invoice_id end) as invoices,
        count(distinct customer_id) as customers,
        count(case when not has_customer then 1 end) as lines_without_customer,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(case when line_type = 'sale' then amount_gbp else 0 end) as decimal(18, 3))
            as gross_sales_gbp,
        cast(sum(case when line_type = 'cancellation' then amount_gbp else 0 end) as decimal(18, 3))
            as cancellations_gbp,
        cast(sum(case when line_type = 'adjustment' then amount_gbp else 0 end) as decimal(18, 3))
            as adjustments_gbp,
        cast(sum(amount_gbp) as decimal(18, 3)) as net_sales_gbp
    from invoice_lines
    group by sales_month, country
)

select * from final
