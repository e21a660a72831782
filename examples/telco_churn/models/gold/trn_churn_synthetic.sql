with

customers as (
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
        cast(null as varchar) as synthetic_set,
        tenure_months,
        monthly_charges_cents,
        total_charges_cents,
        is_senior,
        has_partner,
        has_dependents,
        has_phone_service,
        has_paperless_billing,
        is_churned,
        false as is_synthetic
    from {{ ref('trn_churn') }}
),

made_up as (
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
        synthetic_set,
        tenure_months,
        monthly_charges_cents,
        total_charges_cents,
        is_senior,
        has_partner,
        has_dependents,
        has_phone_service,
        has_paperless_billing,
        is_churned,
        is_synthetic
    from {{ ref('brz_synthetic__churn') }}
),

final as (
    select * from customers
    union all
    select * from made_up
)

select * from final
