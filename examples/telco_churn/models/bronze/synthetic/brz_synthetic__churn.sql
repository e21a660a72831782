with

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
        synthetic_version,
        is_senior,
        has_partner,
        has_dependents,
        has_phone_service,
        has_paperless_billing,
        is_churned,
        is_synthetic
    from {{ source('synthetic', 'synthetic_churn') }}
),

final as (
    select * from made_up
)

select * from final
