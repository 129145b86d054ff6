{{ config(materialized='view') }}

with totals as (
    select * from {{ ref('int_customer_total') }}
),

settings as (
    select
        g0_days,
        lapsed_days
    from {{ ref('int_industry_settings') }}
),

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
        {{ own_gap_silence(
            'at_days.recency_days',
            'at_days.n_purchase_days',
            days_between('at_days.last_purchase_on', 'at_days.first_purchase_on'),
            'settings.g0_days',
        ) }} as recency_gaps
    from at_days
    cross join settings
)

select * from final
