with

invoice_lines as (
    select
        invoice_id,
        product_id,
        -- The till writes customer numbers as decimals: 17850.0.
        cast(cast(nullif(trim(customer_id), '') as decimal(18, 1)) as bigint) as customer_number,
        trim(product_name) as product_name,
        country,
        quantity,
        unit_price_gbp,
        cast(quantity * unit_price_gbp as decimal(18, 3)) as amount_gbp,
        invoiced_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_retail__invoice_lines') }}
),

labelled as (
    select
        *,
        case
            when substring(invoice_id, 1, 1) = 'C' then 'cancellation'
            when substring(invoice_id, 1, 1) = 'A' then 'adjustment'
            when unit_price_gbp = 0 then 'unpriced'
            else 'sale'
        end as line_type,
        row_number() over (
            partition by
                invoice_id, product_id, customer_number, product_name, country,
                quantity, unit_price_gbp, invoiced_at
            order by _file, _row
        ) as equal_line_number
    from invoice_lines
),

final as (
    select
        concat(_file, ':', cast(_row as varchar)) as invoice_line_id,
        invoice_id,
        product_id,
        cast(customer_number as varchar) as customer_id,
        product_name,
        country,
        line_type,
        quantity,
        unit_price_gbp,
        amount_gbp,
        customer_number is not null as has_customer,
        -- A till writes a line for each scan: equal lines are labelled, and counted like any other.
        equal_line_number > 1 as is_repeated,
        cast(invoiced_at as date) as invoiced_date,
        invoiced_at,
        _delivered_at
    from labelled
)

select * from final
