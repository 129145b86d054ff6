{%- set shifts = ['shift_1', 'shift_2', 'shift_3', 'shift_4'] %}

with customers as (
    select * from {{ ref('int_customer_tier') }}
),

segments as (
    select
        customer_key,
        rfm_segment
    from {{ ref('int_customer_rfm') }}
    where observed_on = {{ as_of_date() }}
),

forecasts as (
    select
        customer_key,
        {%- for name in shifts %}
        {{ fixed('purchases_12m_' ~ name) }} as {{ name }},
        {%- endfor %}
        {{ fixed('purchases_12m_variance') }} as own_variance
    from {{ ref('int_customer_forecast') }}
),

kinds as (
    select 'all' as slice_by
    union all
    select 'rfm_segment' as slice_by
    union all
    select 'value_tier' as slice_by
),

-- Each customer once per kind, so that the slices of each kind add up to the slice `all`.
slices as (
    select
        customers.*,
        forecasts.own_variance,
        {%- for name in shifts %}
        forecasts.{{ name }},
        {%- endfor %}
        kinds.slice_by,
        case kinds.slice_by
            when 'rfm_segment' then coalesce(segments.rfm_segment, 'no_purchase')
            when 'value_tier' then coalesce(customers.value_tier, 'no_forecast')
            else 'all'
        end as slice_value
    from customers
    cross join kinds
    left join segments on customers.customer_key = segments.customer_key
    left join forecasts on customers.customer_key = forecasts.customer_key
),

summed as (
    select
        slice_by,
        slice_value,
        count(*) as n_customers,
        count(expected_purchases_12m) as n_purchase_forecasts,
        count(clv_12m_amount) as n_value_forecasts,
        count(historic_margin_amount) as n_margins_known,
        sum(net_amount) as historic_net_amount,
        sum(historic_margin_amount) as historic_margin_amount,
        sum({{ fixed('expected_purchases_12m') }}) as expected_purchases_12m,
        sum(expected_value_12m_amount) as expected_value_12m_amount,
        sum(clv_12m_amount) as clv_12m_amount,
        sum({{ amount_product('net_amount', 'net_amount') }}) as historic_squared,
        sum({{ amount_product('clv_12m_amount', 'clv_12m_amount') }}) as clv_squared,
        cast(sum(own_variance) as double) as own_variance,
        {%- for name in shifts %}
        cast(sum({{ name }}) as double) as {{ name }},
        {%- endfor %}
        max(case when beats_naive then 1 when not beats_naive then 0 end) = 1 as beats_naive
    from slices
    group by slice_by, slice_value
),

-- Chance affects each customer independently, so variances add up. A parameter error shifts all customers together,
-- so shifts are added before they are squared.
final as (
    select
        *,
        own_variance
        {%- for name in shifts %}
        + {{ name }} * {{ name }}
        {%- endfor %} as purchases_12m_variance
    from summed
)

select * from final
