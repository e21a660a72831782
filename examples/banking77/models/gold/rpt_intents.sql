with

questions as (
    select
        question_id,
        intent,
        is_held_out
    from {{ ref('slv_bank__questions') }}
),

predictions as (
    select
        question_id,
        predicted_intent,
        intent_probability
    from {{ ref('slv_bank__intent_predictions') }}
),

told as (
    select
        questions.intent,
        predictions.predicted_intent,
        predictions.intent_probability
    from questions
    inner join predictions on questions.question_id = predictions.question_id
    where questions.is_held_out
),

mistaken as (
    select
        intent,
        predicted_intent,
        count(*) as mistakes,
        row_number() over (
            partition by intent order by count(*) desc, predicted_intent
        ) as most_first
    from told
    where predicted_intent <> intent
    group by
        intent,
        predicted_intent
),

counted as (
    select
        intent,
        count(*) as questions,
        count(case when predicted_intent = intent then 1 end) as right_questions,
        avg(intent_probability) as average_probability
    from told
    group by intent
),

final as (
    select
        counted.intent,
        mistaken.predicted_intent as most_mistaken_for,
        counted.questions,
        counted.right_questions,
        coalesce(mistaken.mistakes, 0) as most_mistakes,
        counted.average_probability
    from counted
    left join mistaken
        on
            counted.intent = mistaken.intent
            and mistaken.most_first = 1
)

select * from final
