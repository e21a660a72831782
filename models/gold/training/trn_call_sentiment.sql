with calls as (
    select
        call_id,
        transcript,
        as_of_date
    from {{ ref('ftr_calls') }}
),

ratings as (
    select
        call_id,
        satisfaction_rating
    from {{ ref('slv_support__calls') }}
    where is_current and satisfaction_rating is not null
),

final as (
    select
        calls.call_id,
        calls.transcript,
        ratings.satisfaction_rating <= 2 as is_negative_call,
        calls.as_of_date
    from calls
    inner join ratings on calls.call_id = ratings.call_id
)

select * from final
