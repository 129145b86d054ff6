{#- Percentage of a normal distribution: how many standard deviations on each side of the mean contain it. -#}
{%- set levels = {80: 1.281551566, 95: 1.959963985} %}

with slices as (
    select * from {{ ref('int_clv_slice') }}
),

totals as (
    select
        historic_net_amount as all_net_amount,
        clv_12m_amount as all_clv_amount
    from slices
    where slice_by = 'all'
),

half_widths as (
    select
        {%- for level, z in levels.items() %}
        {{ fixed(z ~ ' * sqrt(purchases_12m_variance)', 4) }} as half_width_{{ level }},
        {%- endfor %}
        *
    from slices
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        slices.slice_by,
        slices.slice_value,
        cast(slices.n_customers as bigint) as n_customers,
        cast(slices.n_purchase_forecasts as bigint) as n_purchase_forecasts,
        cast(slices.n_value_forecasts as bigint) as n_value_forecasts,
        cast(slices.n_margins_known as bigint) as n_margins_known,
        cast(slices.historic_net_amount as decimal(18, 2)) as historic_net_amount,
        case
            when totals.all_net_amount > 0
                then {{ divide('slices.historic_net_amount', 'totals.all_net_amount', 6) }}
        end as historic_net_share,
        cast(slices.historic_margin_amount as decimal(18, 2)) as historic_margin_amount,
        cast(slices.expected_purchases_12m as decimal(18, 4)) as expected_purchases_12m,
        {%- for level in levels %}
        case
            when slices.half_width_{{ level }} is not null
                then
                    cast(greatest(slices.expected_purchases_12m - slices.half_width_{{ level }}, 0) as decimal(18, 4))
        end as purchases_12m_low_{{ level }},
        cast(slices.expected_purchases_12m + slices.half_width_{{ level }} as decimal(18, 4))
            as purchases_12m_high_{{ level }},
        {%- endfor %}
        {{ divide('slices.expected_purchases_12m', 'slices.n_purchase_forecasts', 4) }}
            as mean_expected_purchases_12m,
        cast(slices.expected_value_12m_amount as decimal(18, 2)) as expected_value_12m_amount,
        cast(slices.clv_12m_amount as decimal(18, 2)) as clv_12m_amount,
        case
            when totals.all_clv_amount > 0
                then {{ divide('slices.clv_12m_amount', 'totals.all_clv_amount', 6) }}
        end as clv_12m_share,
        {{ divide('slices.clv_12m_amount', 'slices.n_value_forecasts', 2) }} as mean_clv_12m_amount,
        slices.beats_naive
    from half_widths as slices
    cross join totals
)

select * from final
