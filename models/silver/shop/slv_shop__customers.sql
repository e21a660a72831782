with cleaned as (
    select
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_text('full_name') }} as full_name,
        nullif(lower(trim(email)), '') as email,
        {{ clean_text('phone') }} as phone,
        coalesce(nullif(upper(trim(country_code)), ''), 'unknown') as country_code,
        {{ clean_text('city') }} as city,
        {{ conform_code('customer_type', ['consumer', 'business']) }} as customer_type,
        birth_year,
        is_marketing_opt_in,
        signed_up_at,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_shop__customers') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['customer_id'],
        content=[
            'full_name', 'email', 'phone', 'country_code', 'city', 'customer_type',
            'birth_year', 'is_marketing_opt_in', 'signed_up_at'
        ]
    ) }}
)

select * from final
