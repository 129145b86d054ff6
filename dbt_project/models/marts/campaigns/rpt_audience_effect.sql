{%- set arms = ['treated', 'control'] -%}
with customers as (
    select * from {{ ref('int_audience_customer') }}
),

counted as (
    select
        audience,
        {%- for arm in arms %}
        sum(case when arm = '{{ arm }}' then 1 else 0 end) as n_{{ arm }},
        sum(case when arm = '{{ arm }}' and is_closed then 1 else 0 end) as n_{{ arm }}_closed,
        sum(case when arm = '{{ arm }}' and is_closed then is_bought else 0 end) as n_{{ arm }}_bought,
        sum(case when arm = '{{ arm }}' and is_closed then net_amount else 0 end) as {{ arm }}_amount,
        sum(
            case when arm = '{{ arm }}' and is_closed then {{ amount_product('net_amount', 'net_amount') }} else 0 end
        ) as {{ arm }}_squares,
        {%- endfor %}
        sum(case when arm = 'both' then 1 else 0 end) as n_in_both,
        max(effect_days) as effect_days,
        min(first_exported_on) as first_exported_on,
        max(last_exported_on) as last_exported_on
    from customers
    group by audience
),

shares as (
    select
        *,
        {%- for arm in arms %}
        cast({{ divide('n_' ~ arm ~ '_bought', 'n_' ~ arm ~ '_closed', 6, 0) }} as decimal(9, 6)) as {{ arm }}_share,
        {{ wilson_bound('n_' ~ arm ~ '_bought', 'n_' ~ arm ~ '_closed', '-') }} as {{ arm }}_share_low,
        {{ wilson_bound('n_' ~ arm ~ '_bought', 'n_' ~ arm ~ '_closed', '+') }} as {{ arm }}_share_high,
        {{ divide(arm ~ '_amount', 'n_' ~ arm ~ '_closed', 2, 2) }} as {{ arm }}_mean_amount,
        cast(
            {{ mean_half_width('n_' ~ arm ~ '_closed', arm ~ '_amount', arm ~ '_squares') }} as double
        ) as {{ arm }}_half_width,
        {%- endfor %}
        {{ detectable_difference(
            'n_treated_bought', 'n_treated_closed', 'n_control_bought', 'n_control_closed'
        ) }} as detectable_share
    from counted
    where n_control > 0
),

compared as (
    select
        *,
        treated_share - control_share as lift_share,
        {{ difference_bound('treated', 'control', '-') }} as lift_share_low,
        {{ difference_bound('treated', 'control', '+') }} as lift_share_high,
        treated_mean_amount - control_mean_amount as lift_mean_amount,
        sqrt(treated_half_width * treated_half_width + control_half_width * control_half_width) as half_width
    from shares
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        audience,
        effect_days,
        first_exported_on,
        last_exported_on,
        cast(n_in_both as bigint) as n_in_both,
        {%- for arm in arms %}
        cast(n_{{ arm }} as bigint) as n_{{ arm }},
        cast(n_{{ arm }}_closed as bigint) as n_{{ arm }}_closed,
        cast(n_{{ arm }}_bought as bigint) as n_{{ arm }}_bought,
        {{ arm }}_share,
        {{ arm }}_share_low,
        {{ arm }}_share_high,
        cast({{ arm }}_mean_amount as decimal(18, 2)) as {{ arm }}_mean_amount,
        {%- endfor %}
        cast(lift_share as decimal(9, 6)) as lift_share,
        lift_share_low,
        lift_share_high,
        case when detectable_share <= 1 then detectable_share end as detectable_share,
        cast(lift_mean_amount as decimal(18, 2)) as lift_mean_amount,
        cast({{ fixed('cast(lift_mean_amount as double) - half_width', 2) }} as decimal(18, 2)) as lift_mean_low_amount,
        cast({{ fixed('cast(lift_mean_amount as double) + half_width', 2) }} as decimal(18, 2)) as lift_mean_high_amount
    from compared
)

select * from final
