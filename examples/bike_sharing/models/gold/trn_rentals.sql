with

hours as (
    select
        rentals,
        hour_at
    from {{ ref('slv_bikes__hours') }}
),

final as (
    select
        'all' as city_id,
        rentals,
        hour_at
    from hours
)

select * from final
