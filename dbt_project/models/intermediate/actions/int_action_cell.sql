{#- Customers who can be contacted, by next_action, level and class, and by 20 bands of the value at stake. -#}
{%- set bands = 20 -%}
with customers as (
    select
        level,
        loyalty_class,
        next_action,
        contact_channel,
        is_offer,
        value_at_stake_amount
    from {{ ref('int_customer_action') }}
    where contact_channel is not null and value_at_stake_amount > 0
),

cut_arrays as (
    select {{ cut_point_arrays({'stake': 'value_at_stake_amount'}, bands) }}
    from customers
),

cuts as (
    select {{ cut_point_columns(['stake'], bands) }}
    from cut_arrays
),

banded as (
    select
        customers.*,
        {{ mid_rank_band('cuts', 'stake', 'customers.value_at_stake_amount', bands) }} as stake_band
    from customers
    cross join cuts
),

final as (
    select
        next_action,
        contact_channel,
        is_offer,
        level,
        loyalty_class,
        stake_band,
        count(*) as n_customers,
        cast(sum(value_at_stake_amount) as decimal(18, 2)) as value_at_stake_amount
    from banded
    group by next_action, contact_channel, is_offer, level, loyalty_class, stake_band
)

select * from final
