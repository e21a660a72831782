with

accounts as (
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
        monthly_charges_cents,
        total_charges_cents,
        is_senior,
        has_partner,
        has_dependents,
        has_phone_service,
        has_paperless_billing,
        delivered_date
    from {{ ref('slv_customers__accounts') }}
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
        monthly_charges_cents,
        total_charges_cents,
        is_senior,
        has_partner,
        has_dependents,
        has_phone_service,
        has_paperless_billing,
        -- The extract carries no date of its own: it speaks of the day it was delivered.
        delivered_date as as_of_date
    from accounts
)

select * from final
