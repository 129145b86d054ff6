{{ config(materialized='incremental', meta={'changed_by': 'int_changed_customer', 'has_observed_days': true}) }}

{%- set of_changed_customer = is_changed('int_changed_customer') -%}
{#- In an incremental build: changed customers on every observed day, the others on newly observed days. -#}
with observed as (
    {%- for day in observed_days() %}
    select
        date '{{ day }}' as observed_on,
        {{ 'true' if day in new_days() else 'false' }} as is_new
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

totals as (
    select
        *,
        {{ of_changed_customer }} as is_changed
    from {{ ref('int_customer_total') }}
),

at_days as (
    select
        totals.*,
        observed.observed_on,
        -- if no purchase of a customer has an amount, the customer has no amount, even after returns
        totals.n_valued_days > 0 or totals.n_purchase_days = 0 as is_valued,
        totals.net_purchase_amount - totals.returned_amount as net_amount,
        case when totals.n_purchase_days > 0 then totals.n_purchase_days - 1 else 0 end as n_gaps
    from totals
    inner join observed
        on
            totals.day_on <= observed.observed_on
            and (totals.next_on is null or totals.next_on > observed.observed_on)
            and (totals.is_changed or observed.is_new)
),

-- A return seldom states its purchase: returns lower the mean of repeat days by their share of all purchases.
kept as (
    select
        *,
        case
            when is_valued and net_amount > 0
                then {{ divide('least(net_amount, net_purchase_amount)', 'net_purchase_amount', 8, 2) }}
        end as kept_share
    from at_days
),

days as (
    select
        customer_key,
        day_on,
        is_purchase_day,
        coalesce(net_amount, 0) - returned_amount as balance_amount
    from {{ ref('int_customer_day') }}
    where day_on <= {{ as_of_date() }} and {{ 'true' if this_build('as_of') in new_days() else of_changed_customer }}
),

weights as (
    select
        day_on,
        {{ half_life_weight(days_between(as_of_date(), 'day_on'), var('half_life_days')) }} as weight
    from (select distinct day_on from days) as distinct_days
),

decayed as (
    select
        days.customer_key,
        sum({{ multiply('days.balance_amount', 'weights.weight', 8, precision=28) }}) as decayed_net_amount,
        sum(case when days.is_purchase_day then weights.weight else 0 end) as decayed_purchase_days
    from days
    inner join weights on days.day_on = weights.day_on
    group by days.customer_key
)

select
    kept.customer_key,
    kept.observed_on,
    cast(kept.n_orders as integer) as n_orders,
    cast(coalesce(kept.n_orders_without_amount, 0) as integer) as n_orders_without_amount,
    cast(kept.n_purchase_days as integer) as n_purchase_days,
    cast(case when kept.n_purchase_days > 0 then kept.n_purchase_days - 1 end as integer) as n_repeat_days,
    kept.first_purchase_on,
    kept.last_purchase_on,
    kept.previous_purchase_on,
    {{ days_between('kept.last_purchase_on', 'kept.first_purchase_on') }} as recency_days,
    {{ days_between('kept.observed_on', 'kept.first_purchase_on') }} as age_days,
    {{ days_between('kept.observed_on', 'kept.last_purchase_on') }} as silence_days,
    cast(kept.active_months as integer) as active_months,
    cast(kept.returned_amount as decimal(18, 2)) as returned_amount,
    {%- for amount in ['gross_amount', 'discount_amount', 'net_purchase_amount', 'net_amount'] %}
    cast(case when kept.is_valued then kept.{{ amount }} end as decimal(18, 2)) as {{ amount }},
    {%- endfor %}
    cast(case when kept.is_valued then decayed.decayed_net_amount end as decimal(18, 2)) as decayed_net_amount,
    nullif(
        {{ divide(multiply('kept.repeat_amount', 'kept.kept_share'), 'kept.n_spend_days', 2) }}, 0
    ) as mean_repeat_amount,
    cast(kept.n_spend_days as integer) as n_spend_days,
    cast(decayed.decayed_purchase_days as decimal(18, 8)) as decayed_purchase_days,
    cast(coalesce(kept.n_categories, 0) as integer) as n_categories,
    cast(kept.n_gaps as integer) as n_gaps,
    {{ gap_scv('kept.n_gaps', 'kept.sum_gap_days', 'kept.sum_squared_gap_days') }} as gap_scv,
    {{ divide('kept.sum_gap_days', 'kept.n_gaps', 4, 0) }} as mean_gap_days
from kept
left join decayed
    on kept.customer_key = decayed.customer_key and kept.observed_on = {{ as_of_date() }}
