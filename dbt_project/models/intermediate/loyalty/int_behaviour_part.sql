{{ config(materialized='view') }}

{%- set scored = ['spend', 'frequency', 'recency', 'breadth'] -%}
{%- set shown = ['tenure', 'active_months', 'regularity', 'return_rate'] %}

with summaries as (
    select *
    from {{ ref('int_customer_summary') }}
    where n_purchase_days > 0 and observed_on = {{ as_of_date() }}
),

behaviour as (
    select * from {{ ref('int_customer_behaviour') }}
),

regularities as (
    select
        customer_key,
        regularity_ratio
    from {{ ref('int_customer_regularity') }}
    where observed_on = {{ as_of_date() }}
),

months as (
    select
        *,
        12 * (extract(year from {{ as_of_date() }}) - extract(year from first_purchase_on))
        + extract(month from {{ as_of_date() }}) - extract(month from first_purchase_on) + 1 as n_months
    from summaries
),

valued as (
    select
        behaviour.*,
        months.last_purchase_on,
        cast(months.decayed_net_amount as decimal(18, 4)) as spend_value,
        cast(months.decayed_purchase_days as decimal(18, 4)) as frequency_value,
        cast(months.silence_days as decimal(18, 4)) as recency_value,
        cast(nullif(months.n_categories, 0) as decimal(18, 4)) as breadth_value,
        cast(months.age_days as decimal(18, 4)) as tenure_value,
        {{ divide('months.active_months', 'months.n_months', 4, 0) }} as active_months_value,
        cast(regularities.regularity_ratio as decimal(18, 4)) as regularity_value,
        {{ divide('months.returned_amount', 'months.net_purchase_amount', 4, 2) }} as return_rate_value
    from behaviour
    inner join months on behaviour.customer_key = months.customer_key
    left join regularities on behaviour.customer_key = regularities.customer_key
),

parts as (
    {%- for part in scored + shown %}
    select '{{ part }}' as part
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        valued.customer_key,
        parts.part,
        {{ part_weight("'behaviour'", 'parts.part') }} as weight,
        case parts.part
            {%- for part in scored + shown %}
            when '{{ part }}' then valued.{{ part }}_value
            {%- endfor %}
        end as raw_value,
        case parts.part
            {%- for part in scored %}
            when '{{ part }}' then valued.{{ part }}_score
            {%- endfor %}
        end as score,
        valued.n_purchase_days,
        valued.last_purchase_on
    from valued
    cross join parts
)

select * from final
