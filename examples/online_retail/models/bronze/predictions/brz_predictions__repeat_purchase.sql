with

predictions as (
    select
        customer_id,
        model_name,
        run_id,
        model_version,
        score,
        prediction as is_predicted_to_buy,
        as_of_date,
        scored_at
    from {{ source('predictions', 'repeat_purchase') }}
),

final as (
    select * from predictions
)

select * from final
