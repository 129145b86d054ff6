{%- set days = var('reports_campaign_days') -%}
with touches as (
    select *
    from {{ ref('int_campaign_touch') }}
    where customer_key is not null and campaign_id is not null and touched_on is not null
),

touched as (
    select
        source,
        campaign_id,
        customer_key,
        min(touched_on) as first_touched_on,
        min(touched_at) as first_touched_at,
        max(case when arm = 'control' then 1 else 0 end) as is_control,
        max(case when arm = 'treated' then 1 else 0 end) as is_treated,
        max(case when action = 'opened' then 1 else 0 end) as is_opened,
        max(case when action = 'clicked' then 1 else 0 end) as is_clicked,
        max(case when action = 'redeemed' then 1 else 0 end) as is_redeemed,
        count(*) as n_touches,
        sum(cost_amount) as cost_amount,
        sum(case when issue = 'missing_rate' then 1 else 0 end) as n_costs_without_rate
    from touches
    group by source, campaign_id, customer_key
),

customers as (
    select
        *,
        -- who is in both groups belongs to none
        case
            when is_control = 1 and is_treated = 1 then 'both'
            when is_control = 1 then 'control'
            else 'treated'
        end as arm
    from touched
),

-- 1 if no first touch of the group has a time
touch_groups as (
    select
        source,
        campaign_id,
        arm,
        min(case when {{ is_date_only('first_touched_at') }} then 1 else 0 end) as is_date_only
    from customers
    where arm <> 'both'
    group by source, campaign_id, arm
),

-- 1 if a group has no times: then the whole day of the first touch counts in both groups
campaigns as (
    select
        source,
        campaign_id,
        max(is_date_only) as is_date_only
    from touch_groups
    group by source, campaign_id
),

purchases as (
    select
        source,
        order_id,
        customer_key,
        ordered_at,
        ordered_on,
        net_amount
    from {{ ref('int_order') }}
    where is_purchase
),

-- orders that a touch names: they resulted from the campaign, even if the touch was recorded later
linked as (
    select distinct
        source,
        campaign_id,
        customer_key,
        order_key
    from touches
    where order_key is not null
),

bought as (
    select
        customers.source,
        customers.campaign_id,
        customers.customer_key,
        sum(purchases.net_amount) as net_amount
    from customers
    left join campaigns
        on customers.source = campaigns.source and customers.campaign_id = campaigns.campaign_id
    inner join purchases
        on
            customers.customer_key = purchases.customer_key
            and customers.first_touched_on <= purchases.ordered_on
            and purchases.ordered_on < {{ add_days('customers.first_touched_on', days) }}
    left join linked
        on
            customers.source = linked.source
            and customers.campaign_id = linked.campaign_id
            and customers.customer_key = linked.customer_key
            and {{ hash_key(['purchases.source', 'purchases.order_id']) }} = linked.order_key
    -- on the day of the first touch, an order before it counts only if a touch names it or a time is missing
    where
        customers.first_touched_on < purchases.ordered_on
        or campaigns.is_date_only = 1
        or {{ is_date_only('customers.first_touched_at') }}
        or {{ is_date_only('purchases.ordered_at') }}
        or purchases.ordered_at >= customers.first_touched_at
        or linked.order_key is not null
    group by customers.source, customers.campaign_id, customers.customer_key
),

final as (
    select
        customers.source,
        customers.campaign_id,
        customers.customer_key,
        customers.first_touched_on,
        customers.arm,
        customers.is_opened,
        customers.is_clicked,
        customers.is_redeemed,
        customers.n_touches,
        customers.cost_amount,
        customers.n_costs_without_rate,
        {{ add_days('customers.first_touched_on', days) }} <= {{ add_days(as_of_date(), 1) }} as is_closed,
        case when bought.customer_key is not null then 1 else 0 end as is_bought,
        coalesce(bought.net_amount, 0) as net_amount
    from customers
    left join bought
        on
            customers.source = bought.source
            and customers.campaign_id = bought.campaign_id
            and customers.customer_key = bought.customer_key
)

select * from final
