with cleaned as (
    select
        {{ clean_id('store_id') }} as store_id,
        {{ clean_text('store_name') }} as store_name,
        {{ conform_code('channel', ['store', 'online']) }} as channel,
        coalesce(nullif(upper(trim(country_code)), ''), 'unknown') as country_code,
        {{ clean_text('city') }} as city,
        opened_date,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_shop__stores') }}
),

final as (
    {{ delivered_versions(
        'cleaned',
        key=['store_id'],
        content=['store_name', 'channel', 'country_code', 'city', 'opened_date']
    ) }}
)

select * from final
