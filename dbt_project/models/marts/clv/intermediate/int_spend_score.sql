with scores as (

    select * from {{ source('exchange', 'spend_scores') }}

),

final as (

    select
        cast(n_repeat_days as integer) as n_repeat_days,
        cast(mean_repeat_amount as decimal(18, 2)) as mean_repeat_amount,
        cast(expected_spend_amount as decimal(18, 2)) as expected_spend_amount
    from scores

)

select * from final
