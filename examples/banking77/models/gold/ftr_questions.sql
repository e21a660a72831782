with

questions as (
    select
        question_id,
        question_text,
        delivered_date
    from {{ ref('slv_bank__questions') }}
),

final as (
    select
        question_id,
        question_text,
        delivered_date as as_of_date
    from questions
)

select * from final
