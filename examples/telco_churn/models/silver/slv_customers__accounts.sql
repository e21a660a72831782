with

extracts as (
    select
        customer_id,
        gender,
        partner,
        dependents,
        phone_service,
        multiple_lines,
        internet_service,
        online_security,
        online_backup,
        device_protection,
        tech_support,
        streaming_tv,
        streaming_movies,
        contract,
        paperless_billing,
        payment_method,
        churn,
        senior_citizen,
        tenure_months,
        monthly_charges_usd,
        total_charges_usd,
        _delivered_at,
        row_number() over (
            partition by customer_id order by _delivered_at desc, _file desc, _row desc
        ) as newest_first
    from {{ ref('brz_telco__customers') }}
),

final as (
    select
        customer_id,
        gender,
        multiple_lines,
        internet_service,
        online_security,
        online_backup,
        device_protection,
        tech_support,
        streaming_tv,
        streaming_movies,
        contract,
        payment_method,
        tenure_months,
        cast(monthly_charges_usd * 100 as bigint) as monthly_charges_cents,
        cast(total_charges_usd * 100 as bigint) as total_charges_cents,
        senior_citizen = 1 as is_senior,
        partner = 'Yes' as has_partner,
        dependents = 'Yes' as has_dependents,
        phone_service = 'Yes' as has_phone_service,
        paperless_billing = 'Yes' as has_paperless_billing,
        churn = 'Yes' as is_churned,
        cast(_delivered_at as date) as delivered_date
    from extracts
    where newest_first = 1
)

select * from final
