with stores as (
    select
        store_id,
        store_name,
        channel,
        country_code,
        city,
        opened_date
    from {{ ref('slv_shop__stores') }}
    where is_current
),

countries as (
    select
        country_code,
        country_name
    from {{ ref('countries') }}
),

seen as (
    select store_id from stores
    union distinct
    select store_id from {{ ref('slv_shop__orders') }}
    union distinct
    select store_id from {{ ref('slv_supply__inventory_snapshots') }}
),

final as (
    select
        seen.store_id,
        coalesce(stores.store_name, 'unknown') as store_name,
        coalesce(stores.channel, 'unknown') as channel,
        coalesce(stores.country_code, 'unknown') as country_code,
        coalesce(countries.country_name, 'unknown') as country_name,
        coalesce(stores.city, 'unknown') as city,
        stores.store_id is not null as is_known,
        stores.opened_date
    from seen
    left join stores on seen.store_id = stores.store_id
    left join countries on stores.country_code = countries.country_code
    where seen.store_id is not null
)

select * from final
