with

invoices as (
    select
        invoiced_date,
        _delivered_at
    from {{ ref('slv_sales__invoices') }}
),

months as (
    select distinct cast(date_trunc('month', invoiced_date) as date) as as_of_date
    from invoices
),

known as (
    select
        min(invoiced_date) as first_date,
        cast(max(_delivered_at) as date) as known_until_date
    from invoices
),

final as (
    select
        months.as_of_date,
        {{ add_days('months.as_of_date', 60) }} <= known.known_until_date
            as is_horizon_complete
    from months
    cross join known
    -- Nothing is known before the first file.
    where months.as_of_date > known.first_date
)

select * from final
