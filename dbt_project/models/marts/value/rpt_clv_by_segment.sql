{#- Percentage of a normal distribution: how many standard deviations on each side of the mean contain it. -#}
{%- set levels = {80: 1.281551566, 95: 1.959963985} %}

with slices as (
    select * from {{ ref('int_clv_slice') }}
),

totals as (
    select
        n_customers as n_all,
        historic_net_amount as all_net_amount,
        historic_squared as all_historic_squared,
        n_value_forecasts as n_all_forecasts,
        clv_12m_amount as all_clv_amount,
        clv_squared as all_clv_squared
    from slices
    where slice_by = 'all'
),

half_widths as (
    select
        slices.*,
        {%- for level, z in levels.items() %}
        {{ fixed(z ~ ' * sqrt(slices.purchases_12m_variance)', 4) }} as half_width_{{ level }},
        {%- endfor %}
        case
            when totals.all_net_amount > 0
                then {{ divide('slices.historic_net_amount', 'totals.all_net_amount', 6) }}
        end as historic_net_share,
        {{ ratio_half_width(
            'slices.historic_net_amount', 'totals.all_net_amount', 'slices.historic_squared', 'slices.historic_squared',
            'totals.all_historic_squared', 'totals.n_all'
        ) }} as historic_net_share_half_width,
        case
            when totals.all_clv_amount > 0
                then {{ divide('slices.clv_12m_amount', 'totals.all_clv_amount', 6) }}
        end as clv_12m_share,
        {{ ratio_half_width(
            'slices.clv_12m_amount', 'totals.all_clv_amount', 'slices.clv_squared', 'slices.clv_squared',
            'totals.all_clv_squared', 'totals.n_all_forecasts'
        ) }} as clv_12m_share_half_width,
        {{ divide('slices.clv_12m_amount', 'slices.n_value_forecasts', 2) }} as mean_clv_12m_amount,
        {{ ratio_half_width(
            'slices.clv_12m_amount', 'slices.n_value_forecasts', 'slices.clv_squared', 'slices.clv_12m_amount',
            'slices.n_value_forecasts', 'slices.n_value_forecasts', scale=2
        ) }} as mean_clv_12m_amount_half_width
    from slices
    cross join totals
),

bounds as (
    select
        {%- for level in levels %}
        case
            when half_width_{{ level }} is not null
                then cast(greatest(expected_purchases_12m - half_width_{{ level }}, 0) as decimal(18, 4))
        end as purchases_12m_low_{{ level }},
        cast(expected_purchases_12m + half_width_{{ level }} as decimal(18, 4)) as purchases_12m_high_{{ level }},
        {%- endfor %}
        *
    from half_widths
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        slice_by,
        slice_value,
        cast(n_customers as bigint) as n_customers,
        cast(n_purchase_forecasts as bigint) as n_purchase_forecasts,
        cast(n_value_forecasts as bigint) as n_value_forecasts,
        cast(n_margins_known as bigint) as n_margins_known,
        cast(historic_net_amount as decimal(18, 2)) as historic_net_amount,
        {{ with_bounds('historic_net_share', 6) }},
        cast(historic_margin_amount as decimal(18, 2)) as historic_margin_amount,
        cast(expected_purchases_12m as decimal(18, 4)) as expected_purchases_12m,
        {%- for level in levels %}
        purchases_12m_low_{{ level }},
        purchases_12m_high_{{ level }},
        {%- endfor %}
        {{ divide('expected_purchases_12m', 'n_purchase_forecasts', 4) }} as mean_expected_purchases_12m,
        {%- for level in levels %}
        {%- for side in ['low', 'high'] %}
        {{ divide('purchases_12m_' ~ side ~ '_' ~ level, 'n_purchase_forecasts', 4) }}
            as mean_purchases_12m_{{ side }}_{{ level }},
        {%- endfor %}
        {%- endfor %}
        cast(expected_value_12m_amount as decimal(18, 2)) as expected_value_12m_amount,
        cast(clv_12m_amount as decimal(18, 2)) as clv_12m_amount,
        {{ with_bounds('clv_12m_share', 6) }},
        {{ with_bounds('mean_clv_12m_amount', 2) }},
        beats_naive
    from bounds
)

select * from final
