with

features as (
    select
        question_id,
        question_text
    from {{ ref('ftr_questions') }}
),

labels as (
    select
        question_id,
        intent,
        is_held_out
    from {{ ref('slv_bank__questions') }}
),

final as (
    select
        features.question_id,
        features.question_text,
        labels.intent,
        labels.is_held_out
    from features
    inner join labels on features.question_id = labels.question_id
)

select * from final
