with touches as (
    select
        customer_key,
        substr(campaign_id, 10) as audience,
        touched_on,
        arm
    from {{ ref('int_campaign_touch') }}
    where campaign_id like 'audience:%' and customer_key is not null and arm is not null and touched_on is not null
),

customers as (
    select
        audience,
        customer_key,
        min(touched_on) as first_exported_on,
        max(touched_on) as last_exported_on,
        max(case when arm = 'control' then 1 else 0 end) as is_control,
        max(case when arm = 'treated' then 1 else 0 end) as is_treated
    from touches
    group by audience, customer_key
),

dated as (
    select
        *,
        -- of audiences that are not declared any more, the days of campaigns
        case audience
            when '' then 0
            {%- for audience in var('audiences') %}
            when '{{ audience.name }}' then {{ audience.effect_days }}
            {%- endfor %}
            else {{ var('reports_campaign_days') }}
        end as effect_days
    from customers
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
        dated.audience,
        dated.customer_key,
        count(purchases.day_on) as n_days,
        sum(purchases.net_amount) as net_amount
    from dated
    left join purchases
        on
            dated.customer_key = purchases.customer_key
            and dated.first_exported_on < purchases.day_on
            and purchases.day_on <= {{ add_days('dated.first_exported_on', 'dated.effect_days') }}
    group by dated.audience, dated.customer_key
),

final as (
    select
        dated.audience,
        dated.customer_key,
        dated.first_exported_on,
        dated.last_exported_on,
        cast(dated.effect_days as integer) as effect_days,
        -- who was in both groups belongs to none
        case
            when dated.is_control = 1 and dated.is_treated = 1 then 'both'
            when dated.is_control = 1 then 'control'
            else 'treated'
        end as arm,
        {{ add_days('dated.first_exported_on', 'dated.effect_days') }} <= {{ as_of_date() }} as is_closed,
        case when bought.n_days > 0 then 1 else 0 end as is_bought,
        coalesce(bought.net_amount, 0) as net_amount
    from dated
    inner join bought on dated.audience = bought.audience and dated.customer_key = bought.customer_key
)

select * from final
