with

as_of_dates as (
    select as_of_date
    from {{ ref('slv_sales__as_of_dates') }}
),

invoices as (
    select
        customer_id,
        country,
        products,
        quantity,
        amount_gbp,
        is_purchase,
        is_cancellation,
        invoiced_date,
        invoiced_at,
        _delivered_at
    from {{ ref('slv_sales__invoices') }}
    where customer_id is not null
),

history as (
    select
        invoices.*,
        as_of_dates.as_of_date,
        {{ days_between('invoices.invoiced_date', 'as_of_dates.as_of_date') }} as age_days
    from as_of_dates
    inner join invoices
        on
            -- What happened before the date, and whose file had been delivered by then.
            as_of_dates.as_of_date > invoices.invoiced_at
            and as_of_dates.as_of_date >= invoices._delivered_at
),

summed as (
    select
        customer_id,
        as_of_date,
        min(country) as country,
        count(case when is_purchase then 1 end) as purchases,
        count(case when is_purchase and age_days <= 30 then 1 end) as purchases_30_days,
        count(case when is_purchase and age_days <= 90 then 1 end) as purchases_90_days,
        count(case when is_cancellation then 1 end) as cancellations,
        min(case when is_purchase then age_days end) as recency_days,
        max(case when is_purchase then age_days end) as tenure_days,
        sum(case when is_purchase then products else 0 end) as products,
        sum(case when is_purchase then quantity else 0 end) as quantity,
        sum(case when is_purchase then amount_gbp else 0 end) as spent_gbp,
        sum(case when is_purchase and age_days <= 90 then amount_gbp else 0 end)
            as spent_90_days_gbp,
        sum(case when is_cancellation then amount_gbp else 0 end) as cancelled_gbp
    from history
    group by customer_id, as_of_date
),

final as (
    select
        customer_id,
        purchases,
        purchases_30_days,
        purchases_90_days,
        cancellations,
        cast(recency_days as integer) as recency_days,
        cast(tenure_days as integer) as tenure_days,
        cast(quantity as bigint) as quantity,
        cast(spent_gbp as double) as spent_gbp,
        cast(spent_90_days_gbp as double) as spent_90_days_gbp,
        cast(cancelled_gbp as double) as cancelled_gbp,
        cast(spent_gbp as double) / purchases as basket_gbp,
        cast(products as double) / purchases as basket_products,
        cast(tenure_days - recency_days as double) / nullif(purchases - 1, 0)
            as between_purchases_days,
        country = 'United Kingdom' as is_domestic,
        as_of_date
    from summed
    where purchases > 0
)

select * from final
