with

questions as (
    select
        text as question_text,
        category as intent,
        _file,
        _row,
        _delivered_at
    from {{ source('bank', 'questions') }}
),

final as (
    select * from questions
)

select * from final
