with first_days as (
    select
        customer_key,
        day_on as first_purchase_on
    from {{ ref('int_customer_day') }}
    where purchase_day_number = 1 and day_on <= {{ as_of_date() }}
),

first_orders as (
    select
        first_days.customer_key,
        first_days.first_purchase_on,
        orders.channel,
        row_number() over (
            partition by first_days.customer_key
            order by orders.ordered_at asc nulls last, orders.source asc, orders.order_id asc
        ) as order_rank
    from first_days
    inner join {{ ref('int_order') }} as orders
        on first_days.customer_key = orders.customer_key and first_days.first_purchase_on = orders.ordered_on
    where orders.is_purchase
),

referrals as (
    select
        referred_customer_key as customer_key,
        min(referred_on) as referred_on
    from {{ ref('int_referral') }}
    where referred_customer_key is not null and not is_self_referral
    group by referred_customer_key
),

-- a shop without referrals says nothing about who was referred
shop as (
    select count(*) > 0 as has_referrals
    from referrals
),

customers as (
    select
        customer_key,
        acquisition_channel
    from {{ ref('int_customer') }}
),

final as (
    select
        first_orders.customer_key,
        first_orders.first_purchase_on,
        first_orders.channel as first_channel,
        case
            when referrals.referred_on <= {{ add_days('first_orders.first_purchase_on', var('growth_referral_days')) }}
                then true
            when customers.acquisition_channel in ({{ text_list(var('growth_earned_channels')) }}) then true
            when shop.has_referrals or customers.acquisition_channel is not null then false
        end as is_earned
    from first_orders
    cross join shop
    left join referrals on first_orders.customer_key = referrals.customer_key
    left join customers on first_orders.customer_key = customers.customer_key
    where first_orders.order_rank = 1
)

select * from final
