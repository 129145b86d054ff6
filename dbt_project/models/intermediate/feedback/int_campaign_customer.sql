{%- set days = var('reports_campaign_days') -%}
with touches as (
    select *
    from {{ ref('int_campaign_touch') }}
    where customer_key is not null and campaign_id is not null and touched_on is not null
),

customers as (
    select
        source,
        campaign_id,
        customer_key,
        min(touched_on) as first_touched_on,
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

purchases as (
    select
        customer_key,
        day_on,
        net_amount
    from {{ ref('int_customer_day') }}
    where is_purchase_day
),

bought as (
    select
        customers.source,
        customers.campaign_id,
        customers.customer_key,
        count(purchases.day_on) as n_days,
        sum(purchases.net_amount) as net_amount
    from customers
    left join purchases
        on
            customers.customer_key = purchases.customer_key
            and customers.first_touched_on <= purchases.day_on
            and purchases.day_on < {{ add_days('customers.first_touched_on', days) }}
    group by customers.source, customers.campaign_id, customers.customer_key
),

final as (
    select
        customers.source,
        customers.campaign_id,
        customers.customer_key,
        customers.first_touched_on,
        -- who is in both groups belongs to none
        case
            when customers.is_control = 1 and customers.is_treated = 1 then 'both'
            when customers.is_control = 1 then 'control'
            else 'treated'
        end as arm,
        customers.is_opened,
        customers.is_clicked,
        customers.is_redeemed,
        customers.n_touches,
        customers.cost_amount,
        customers.n_costs_without_rate,
        {{ add_days('customers.first_touched_on', days) }} <= {{ add_days(as_of_date(), 1) }} as is_closed,
        case when bought.n_days > 0 then 1 else 0 end as is_bought,
        coalesce(bought.net_amount, 0) as net_amount
    from customers
    inner join bought
        on
            customers.source = bought.source
            and customers.campaign_id = bought.campaign_id
            and customers.customer_key = bought.customer_key
)

select * from final
