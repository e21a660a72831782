-- The first delivered version: a transcript corrected later would carry the future into a score
-- that belongs to the day of the call.
with final as (
    select
        call_id,
        transcript,
        cast(started_at as date) as as_of_date,
        _delivered_at as known_at
    from {{ ref('slv_support__calls') }}
    where version_number = 1
)

select * from final
