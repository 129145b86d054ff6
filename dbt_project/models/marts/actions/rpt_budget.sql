{%- set budget = var('actions_budget_amount', none) -%}
{%- set left = budget ~ ' - coalesce(before.cost_before_amount, 0)' -%}
with cells as (
    select
        *,
        cast(
            {{ of_contact_channel('contact_channel', var('actions_contact_costs')) }}
            + case when is_offer then {{ var('actions_offer_cost_amount') }} else 0 end as decimal(18, 4)
        ) as cost_per_customer,
        cast(
            least(
                {{ of_contact_channel('contact_channel', var('actions_success_shares')) }}
                + case when is_offer then {{ var('actions_offer_success_share') }} else 0 end,
                1
            ) as decimal(9, 4)
        ) as success_share
    from {{ ref('int_action_cell') }}
),

gains as (
    select
        *,
        -- not rounded to cents: gain and cost of a small group can both be less than a cent
        {{ multiply('value_at_stake_amount', 'success_share', 6, 2, 4) }} as gain_amount,
        {{ multiply('n_customers', 'cost_per_customer', 4, 0, 4) }} as cost_amount
    from cells
),

-- what costs nothing comes first, then the largest gain per cost
rated as (
    select
        *,
        case
            when cost_amount > 0 then {{ divide('gain_amount', 'cost_amount', 6, 6) }}
        end as gain_per_cost,
        gain_amount > cost_amount as is_worth_its_cost,
        -- decides between equal gains per cost
        concat_ws('|', next_action, contact_channel, level, loyalty_class, stake_band) as cell_name
    from gains
),

-- the cells that come before each cell, so that no window over all rows is needed
before as (
    select
        later.cell_name,
        sum(earlier.cost_amount) as cost_before_amount
    from rated as later
    inner join rated as earlier
        on
            later.gain_per_cost < earlier.gain_per_cost
            or (later.gain_per_cost = earlier.gain_per_cost and later.cell_name > earlier.cell_name)
    where earlier.is_worth_its_cost
    group by later.cell_name
),

funded as (
    select
        rated.*,
        coalesce(before.cost_before_amount, 0) as cost_before_amount,
        case
            when not rated.is_worth_its_cost then 0
            when rated.cost_amount = 0 then rated.n_customers
            {%- if budget is none %}
            else rated.n_customers
            {%- else %}
            else
                least(
                    rated.n_customers,
                    greatest(
                        floor({{ divide(left, 'rated.cost_per_customer', 4, 4) }}),
                        0
                    )
                )
            {%- endif %}
        end as n_funded
    from rated
    left join before on rated.cell_name = before.cell_name
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        next_action,
        contact_channel,
        is_offer,
        level,
        loyalty_class,
        cast(stake_band as integer) as stake_band,
        cast(n_customers as bigint) as n_customers,
        value_at_stake_amount,
        cost_per_customer,
        success_share,
        gain_per_cost,
        is_worth_its_cost,
        cast(cost_before_amount as decimal(18, 2)) as cost_before_amount,
        cast({{ budget if budget is not none else 'null' }} as decimal(18, 2)) as budget_amount,
        cast(n_funded as bigint) as n_funded,
        {{ multiply('n_funded', 'cost_per_customer', 2, 0, 4) }} as funded_cost_amount,
        cast({{ multiply('gain_amount', divide('n_funded', 'n_customers', 8, 0), 2, 6, 8) }} as decimal(18, 2))
            as funded_gain_amount
    from funded
)

select * from final
