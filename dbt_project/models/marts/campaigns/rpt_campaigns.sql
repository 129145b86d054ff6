{%- set arms = ['treated', 'control'] -%}
with kinds as (
    select
        source,
        campaign_id,
        max(campaign_kind) as campaign_kind,
        min(touched_on) as first_touched_on,
        max(touched_on) as last_touched_on
    from {{ ref('int_campaign_touch') }}
    where campaign_id is not null
    group by source, campaign_id
),

customers as (
    select * from {{ ref('int_campaign_customer') }}
),

counted as (
    select
        source,
        campaign_id,
        sum(n_touches) as n_touches,
        sum(cost_amount) as cost_amount,
        sum(case when arm = 'both' then 1 else 0 end) as n_in_both,
        {%- for arm in arms %}
        sum(case when arm = '{{ arm }}' then 1 else 0 end) as n_{{ arm }},
        sum(case when arm = '{{ arm }}' and is_closed then 1 else 0 end) as n_{{ arm }}_closed,
        sum(case when arm = '{{ arm }}' and is_closed then is_bought else 0 end) as n_{{ arm }}_bought,
        sum(case when arm = '{{ arm }}' and is_closed then net_amount else 0 end) as {{ arm }}_net_amount,
        {%- endfor %}
        sum(case when arm = 'treated' and is_closed then cost_amount end) as closed_cost_amount,
        sum(case when arm = 'treated' and is_closed then n_costs_without_rate else 0 end) as n_costs_without_rate,
        sum(case when arm = 'treated' then is_opened else 0 end) as n_opened,
        sum(case when arm = 'treated' then is_clicked else 0 end) as n_clicked,
        sum(case when arm = 'treated' then is_redeemed else 0 end) as n_redeemed
    from customers
    group by source, campaign_id
),

shares as (
    select
        *,
        {%- for arm in arms %}
        cast({{ divide('n_' ~ arm ~ '_bought', 'n_' ~ arm ~ '_closed', 6, 0) }} as decimal(9, 6)) as {{ arm }}_share,
        {{ wilson_bound('n_' ~ arm ~ '_bought', 'n_' ~ arm ~ '_closed', '-') }} as {{ arm }}_share_low,
        {{ wilson_bound('n_' ~ arm ~ '_bought', 'n_' ~ arm ~ '_closed', '+') }} as {{ arm }}_share_high,
        {%- endfor %}
        cast({{ divide('n_redeemed', 'n_treated', 6, 0) }} as decimal(9, 6)) as redeemed_share,
        {{ wilson_bound('n_redeemed', 'n_treated', '-') }} as redeemed_share_low,
        {{ wilson_bound('n_redeemed', 'n_treated', '+') }} as redeemed_share_high
    from counted
),

lifted as (
    select
        *,
        treated_share - control_share as lift_share,
        {{ difference_bound('treated', 'control', '-') }} as lift_share_low,
        {{ difference_bound('treated', 'control', '+') }} as lift_share_high
    from shares
),

final as (
    select
        {{ as_of_date() }} as as_of_on,
        lifted.source,
        lifted.campaign_id,
        kinds.campaign_kind,
        kinds.first_touched_on,
        kinds.last_touched_on,
        cast(lifted.n_touches as bigint) as n_touches,
        {%- for name in ['n_treated', 'n_control', 'n_in_both', 'n_opened', 'n_clicked', 'n_redeemed'] %}
        cast(lifted.{{ name }} as bigint) as {{ name }},
        {%- endfor %}
        lifted.redeemed_share,
        lifted.redeemed_share_low,
        lifted.redeemed_share_high,
        cast(lifted.cost_amount as decimal(18, 2)) as cost_amount,
        {%- for arm in arms %}
        cast(lifted.n_{{ arm }}_closed as bigint) as n_{{ arm }}_closed,
        cast(lifted.n_{{ arm }}_bought as bigint) as n_{{ arm }}_bought,
        lifted.{{ arm }}_share,
        lifted.{{ arm }}_share_low,
        lifted.{{ arm }}_share_high,
        cast(lifted.{{ arm }}_net_amount as decimal(18, 2)) as {{ arm }}_net_amount,
        {%- endfor %}
        cast(lifted.lift_share as decimal(9, 6)) as lift_share,
        lifted.lift_share_low,
        lifted.lift_share_high,
        -- NULL if the interval of the lift contains 0: then it is not known whether anybody was kept
        -- NULL also if a part of the cost is not known
        case
            when lifted.lift_share_low > 0 and lifted.n_costs_without_rate = 0
                then
                    {{ divide(
                        'lifted.closed_cost_amount',
                        multiply('lifted.n_treated_closed', 'lifted.lift_share', 4, 0, 6),
                        2, 4
                    ) }}
        end as cost_per_retained_amount
    from lifted
    inner join kinds on lifted.source = kinds.source and lifted.campaign_id = kinds.campaign_id
)

select * from final
