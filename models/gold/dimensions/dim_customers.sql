with customers as (
    select
        customer_id,
        full_name,
        country_code,
        city,
        customer_type,
        birth_year,
        is_marketing_opt_in,
        signed_up_at
    from {{ ref('slv_shop__customers') }}
    where is_current
),

countries as (
    select
        country_code,
        country_name
    from {{ ref('countries') }}
),

consents as (
    select
        customer_id,
        purpose,
        is_granted,
        row_number() over (partition by customer_id, purpose order by recorded_at desc) as place
    from {{ ref('slv_privacy__consents') }}
    where is_current
),

consented as (
    select
        customer_id,
        max(case when purpose = 'marketing' and is_granted then 1 else 0 end) = 1
            as is_marketing_consented,
        max(case when purpose = 'analytics' and is_granted then 1 else 0 end) = 1
            as is_analytics_consented,
        max(case when purpose = 'model_training' and is_granted then 1 else 0 end) = 1
            as is_model_training_consented
    from consents
    where place = 1
    group by customer_id
),

-- A fact may arrive weeks before the extract that names its customer.
seen as (
    select customer_id from customers
    union distinct
    select customer_id from {{ ref('slv_shop__orders') }}
    union distinct
    select customer_id from {{ ref('slv_plans__subscriptions') }}
    union distinct
    select customer_id from {{ ref('slv_app__session_events') }}
    union distinct
    select customer_id from {{ ref('slv_support__calls') }}
    union distinct
    select customer_id from {{ ref('slv_repairs__requests') }}
),

final as (
    select
        seen.customer_id,
        customers.full_name,
        coalesce(customers.customer_type, 'unknown') as customer_type,
        coalesce(customers.country_code, 'unknown') as country_code,
        coalesce(countries.country_name, 'unknown') as country_name,
        coalesce(customers.city, 'unknown') as city,
        customers.birth_year,
        customers.customer_id is not null as is_known,
        coalesce(customers.is_marketing_opt_in, false) as is_marketing_opt_in,
        coalesce(consented.is_marketing_consented, false) as is_marketing_consented,
        coalesce(consented.is_analytics_consented, false) as is_analytics_consented,
        coalesce(consented.is_model_training_consented, false) as is_model_training_consented,
        customers.signed_up_at
    from seen
    left join customers on seen.customer_id = customers.customer_id
    left join countries on customers.country_code = countries.country_code
    left join consented on seen.customer_id = consented.customer_id
    where seen.customer_id is not null
)

select * from final
