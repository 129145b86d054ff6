{{ config(materialized='view') }}
{#- Here, because dbt does not find a ref within a condition. -#}
{%- set level_state = ref('int_level_state') -%}

with totals as (
    select * from {{ ref('int_customer_total') }}
),

settings as (
    select lapsed_days from {{ ref('int_industry_settings') }}
),
{%- if var('rfm_method') == 'own_gap' %}

states as (
    select
        customer_key,
        observed_on,
        silence_days,
        n_purchase_days,
        gap_sum
    from {{ level_state }}
),
{%- endif %}

days as (
    {%- for day in rfm_days() %}
    select date '{{ day }}' as observed_on
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- the totals in force on each day
at_days as (
    select
        totals.*,
        days.observed_on,
        {{ days_between('days.observed_on', 'totals.last_purchase_on') }} as recency_days
    from totals
    inner join days
        on
            totals.day_on <= days.observed_on
            and (totals.next_on is null or totals.next_on > days.observed_on)
    where totals.n_purchase_days > 0
),

final as (
    select
        at_days.customer_key,
        at_days.observed_on,
        at_days.recency_days,
        cast(at_days.n_purchase_days as integer) as frequency,
        case
            when at_days.n_valued_days > 0
                then cast(at_days.net_purchase_amount - at_days.returned_amount as decimal(18, 2))
        end as monetary_amount,
        at_days.recency_days <= settings.lapsed_days as is_active,
        {%- if var('rfm_method') == 'own_gap' %}
        -- as in the level: the shop's g0, counted days only
        {{ divide('cast(states.silence_days as bigint) * states.n_purchase_days * 10000', 'states.gap_sum', 8, 0) }}
            as recency_gaps
        {%- else %}
        cast(null as decimal(18, 8)) as recency_gaps
        {%- endif %}
    from at_days
    cross join settings
    {%- if var('rfm_method') == 'own_gap' %}
    left join states on at_days.customer_key = states.customer_key and at_days.observed_on = states.observed_on
    {%- endif %}
)

select * from final
