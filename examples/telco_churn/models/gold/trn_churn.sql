with

features as (
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
        has_paperless_billing
    from {{ ref('ftr_customers') }}
),

labels as (
    select
        customer_id,
        is_churned
    from {{ ref('slv_customers__accounts') }}
    where is_churned is not null
),

final as (
    select
        features.*,
        labels.is_churned
    from features
    inner join labels on features.customer_id = labels.customer_id
)

select * from final
