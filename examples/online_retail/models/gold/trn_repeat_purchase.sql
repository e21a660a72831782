with

as_of_dates as (
    select as_of_date
    from {{ ref('slv_sales__as_of_dates') }}
    where is_horizon_complete
),

purchases as (
    select
        customer_id,
        invoiced_date
    from {{ ref('slv_sales__invoices') }}
    where is_purchase
),

features as (
    select
        customer_id,
        purchases,
        purchases_30_days,
        purchases_90_days,
        cancellations,
        recency_days,
        tenure_days,
        quantity,
        spent_gbp,
        spent_90_days_gbp,
        cancelled_gbp,
        basket_gbp,
        basket_products,
        between_purchases_days,
        is_domestic,
        as_of_date
    from {{ ref('ftr_customers') }}
),

buyers as (
    select distinct
        purchases.customer_id,
        as_of_dates.as_of_date
    from as_of_dates
    inner join purchases
        on
            as_of_dates.as_of_date <= purchases.invoiced_date
            and {{ add_days('as_of_dates.as_of_date', 60) }} > purchases.invoiced_date
),

final as (
    select
        features.*,
        buyers.customer_id is not null as is_repeat_purchase
    from features
    inner join as_of_dates on features.as_of_date = as_of_dates.as_of_date
    left join buyers
        on
            features.customer_id = buyers.customer_id
            and features.as_of_date = buyers.as_of_date
)

select * from final
