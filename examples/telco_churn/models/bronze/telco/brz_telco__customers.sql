with

customers as (
    select
        "customerID" as customer_id,
        gender,
        "Partner" as partner,
        "Dependents" as dependents,
        "PhoneService" as phone_service,
        "MultipleLines" as multiple_lines,
        "InternetService" as internet_service,
        "OnlineSecurity" as online_security,
        "OnlineBackup" as online_backup,
        "DeviceProtection" as device_protection,
        "TechSupport" as tech_support,
        "StreamingTV" as streaming_tv,
        "StreamingMovies" as streaming_movies,
        "Contract" as contract,
        "PaperlessBilling" as paperless_billing,
        "PaymentMethod" as payment_method,
        "Churn" as churn,
        "SeniorCitizen" as senior_citizen,
        tenure as tenure_months,
        "MonthlyCharges" as monthly_charges_usd,
        -- A customer who was never billed carries a blank here: unknown, neither zero nor an error.
        cast(nullif(trim("TotalCharges"), '') as decimal(10, 2)) as total_charges_usd,
        _file,
        _row,
        _delivered_at
    from {{ source('telco', 'customers') }}
),

final as (
    select * from customers
)

select * from final
