with

-- Every column as judged, for what is wrong may be in any of them.
final as (
    select *
    from {{ ref('slv_clicks__judged_actions') }}
    where dead_letter_reason is not null
)

select * from final
