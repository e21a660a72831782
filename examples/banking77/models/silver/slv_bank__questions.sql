with

questions as (
    select
        question_text,
        intent,
        _file,
        _row,
        _delivered_at
    from {{ ref('brz_bank__questions') }}
),

final as (
    select
        concat(_file, ':', cast(_row as varchar)) as question_id,
        question_text,
        intent,
        -- The publisher's own split, so that results compare with other people's.
        _file = 'test.csv' as is_held_out,
        cast(_delivered_at as date) as delivered_date
    from questions
)

select * from final
