{{ config(
    materialized='incremental',
    pre_hook=[
        "{{ delete_changed('int_changed_customer', ['customer_key']) }}",
        "{% if extends() %}delete from {{ this }} where observed_on not in ({{ day_list(kept_days()) }}){% endif %}"
    ]
) }}

{#- On an extending run: changed customers at every day, the others at the days that the last build did not observe. -#}
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

days as (
    select
        *,
        {{ is_changed(ref('int_changed_customer'), ['customer_key']) }} as is_changed
    from {{ ref('int_customer_day') }}
),

terms as (
    select
        days.*,
        observed.observed_on,
        coalesce(days.net_amount, 0) as known_amount,
        -- a day of which one amount is unknown does not say what was spent on it
        case
            when days.purchase_day_number > 1 and coalesce(days.n_orders_without_amount, 0) = 0 then days.net_amount
        end as repeat_amount,
        {{ days_between('days.day_on', 'days.previous_purchase_on') }} as gap_days,
        {{ half_life_weight(days_between('observed.observed_on', 'days.day_on'), var('half_life_days')) }} as weight
    from days
    inner join observed
        on days.day_on <= observed.observed_on and (days.is_changed or observed.is_new)
),

summed as (
    select
        customer_key,
        observed_on,
        sum(n_orders) as n_orders,
        sum(n_orders_without_amount) as n_orders_without_amount,
        sum(case when is_purchase_day then 1 else 0 end) as n_purchase_days,
        sum(case when is_purchase_day and net_amount is not null then 1 else 0 end) as n_valued_days,
        min(case when is_purchase_day then day_on end) as first_purchase_on,
        max(case when is_purchase_day then day_on end) as last_purchase_on,
        max(previous_purchase_on) as previous_purchase_on,
        sum(case when is_first_of_month then 1 else 0 end) as active_months,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(net_amount) as net_purchase_amount,
        sum(returned_amount) as returned_amount,
        sum(repeat_amount) as repeat_amount,
        count(repeat_amount) as n_spend_days,
        sum({{ multiply('known_amount - returned_amount', 'weight', 8, precision=28) }}) as decayed_net_amount,
        sum(case when is_purchase_day then weight else 0 end) as decayed_purchase_days,
        sum(gap_days) as sum_gap_days,
        sum(cast(gap_days as bigint) * gap_days) as sum_squared_gap_days
    from terms
    group by customer_key, observed_on
),

measured as (
    select
        *,
        -- a customer none of whose purchases has an amount has no amount either, whatever came back
        n_valued_days > 0 or n_purchase_days = 0 as is_valued,
        net_purchase_amount - returned_amount as net_amount,
        case when n_purchase_days > 0 then n_purchase_days - 1 else 0 end as n_gaps
    from summed
),

-- What comes back lowers the mean of repeat days by its share of all that was bought: it seldom says of which day.
kept as (
    select
        *,
        case
            when is_valued and net_amount > 0
                then {{ divide('least(net_amount, net_purchase_amount)', 'net_purchase_amount', 8, 2) }}
        end as kept_share
    from measured
),

bought_categories as (
    select
        *,
        {{ is_changed(ref('int_changed_customer'), ['customer_key']) }} as is_changed
    from {{ ref('int_customer_category') }}
),

categories as (
    select
        bought_categories.customer_key,
        observed.observed_on,
        count(*) as n_categories
    from bought_categories
    inner join observed
        on
            bought_categories.first_bought_on <= observed.observed_on
            and (bought_categories.is_changed or observed.is_new)
    group by bought_categories.customer_key, observed.observed_on
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
    {%- for amount in ['gross_amount', 'discount_amount', 'net_purchase_amount', 'net_amount', 'decayed_net_amount'] %}
    cast(case when kept.is_valued then kept.{{ amount }} end as decimal(18, 2)) as {{ amount }},
    {%- endfor %}
    nullif(
        {{ divide(multiply('kept.repeat_amount', 'kept.kept_share'), 'kept.n_spend_days', 2) }}, 0
    ) as mean_repeat_amount,
    cast(kept.n_spend_days as integer) as n_spend_days,
    cast(kept.decayed_purchase_days as decimal(18, 8)) as decayed_purchase_days,
    cast(coalesce(categories.n_categories, 0) as integer) as n_categories,
    cast(kept.n_gaps as integer) as n_gaps,
    {{ gap_scv('kept.n_gaps', 'kept.sum_gap_days', 'kept.sum_squared_gap_days') }} as gap_scv,
    {{ divide('kept.sum_gap_days', 'kept.n_gaps', 4, 0) }} as mean_gap_days
from kept
left join categories
    on kept.customer_key = categories.customer_key and kept.observed_on = categories.observed_on
