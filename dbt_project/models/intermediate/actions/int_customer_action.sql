{%- set visits = "planned.level not in ('churned', 'prospect')" -%}
with planned as (
    select * from {{ ref('int_planned_action') }}
),

actions as (
    select * from {{ ref('loyalty_actions') }}
),

buyers as (
    select
        customer_key,
        return_probability
    from {{ ref('int_customer_level') }}
    where observed_on = {{ as_of_date() }}
),

forecasts as (
    select
        customer_key,
        clv_12m_amount
    from {{ ref('int_customer_value') }}
),

-- The wanted action, and the free one that replaces it if the class is uncertain and the wanted one costs money.
-- An offer costs money on any channel, so the free action also replaces an offer to which no channel is allowed.
reached as (
    select
        planned.*,
        wanted.is_offer,
        {{ first_contact_channel('wanted', contact_allowed('wanted.is_service'), visits) }} as contact_channel,
        {{ first_contact_channel('free', contact_allowed('false', free_only=true), visits, free_only=true) }}
            as free_channel,
        {{ first_contact_channel('free', contact_allowed('false'), visits) }} as channel_at_any_cost
    from planned
    inner join actions as wanted on planned.next_action = wanted.next_action
    left join actions as free on planned.free_action = free.next_action
),

priced as (
    select
        *,
        is_offer or {{ of_contact_channel('contact_channel', var('actions_contact_costs')) }} > 0 as costs_money
    from reached
),

decided as (
    select
        *,
        action_reason = 'playbook' and is_free_only and coalesce(costs_money, false) as is_replaced,
        -- whether the customer can be reached by the wanted or the free action, whatever the channel costs
        coalesce(contact_channel, channel_at_any_cost) is not null as has_channel
    from priced
),

chosen as (
    select
        customer_key,
        level,
        loyalty_class,
        class_confidence,
        within_days,
        n_open_complaints,
        aim,
        case when is_replaced then free_action else next_action end as wanted_action,
        case when is_replaced then free_channel else contact_channel end as contact_channel,
        is_offer and not is_replaced as is_offer,
        is_replaced and has_channel as is_too_costly,
        case when is_replaced then 'low_confidence' else action_reason end as action_reason
    from decided
),

final as (
    select
        chosen.customer_key,
        chosen.level,
        chosen.loyalty_class,
        chosen.class_confidence,
        chosen.aim,
        case when chosen.contact_channel is null then 'no_action' else chosen.wanted_action end as next_action,
        chosen.contact_channel,
        chosen.is_offer and chosen.contact_channel is not null as is_offer,
        case
            when chosen.is_too_costly or chosen.contact_channel is not null or chosen.wanted_action = 'no_action'
                then chosen.action_reason
            else 'no_consent'
        end as action_reason,
        case when chosen.contact_channel is not null then chosen.within_days end as within_days,
        chosen.n_open_complaints,
        forecasts.clv_12m_amount as expected_margin_12m_amount,
        buyers.return_probability,
        {{ multiply('forecasts.clv_12m_amount', '1 - buyers.return_probability', 2, 2, 8) }} as value_at_stake_amount
    from chosen
    left join buyers on chosen.customer_key = buyers.customer_key
    left join forecasts on chosen.customer_key = forecasts.customer_key
)

select * from final
