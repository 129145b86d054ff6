with actions as (
    select * from {{ ref('int_customer_action') }}
),

reasons as (
    select * from {{ ref('int_customer_reason') }}
),

final as (
    select
        actions.customer_key,
        {{ as_of_date() }} as as_of_on,
        actions.level,
        actions.loyalty_class,
        actions.class_confidence,
        actions.aim,
        actions.next_action,
        actions.contact_channel,
        actions.is_offer,
        actions.action_reason,
        reasons.reason_1,
        reasons.reason_2,
        reasons.reason_3,
        cast(actions.within_days as integer) as within_days,
        cast(actions.n_open_complaints as integer) as n_open_complaints,
        actions.expected_margin_12m_amount,
        actions.return_probability,
        actions.value_at_stake_amount,
        cast(row_number() over (
            partition by actions.next_action
            order by actions.value_at_stake_amount desc nulls last, actions.customer_key asc nulls last
        ) as integer) as rank_in_action
    from actions
    inner join reasons on actions.customer_key = reasons.customer_key
)

select * from final
