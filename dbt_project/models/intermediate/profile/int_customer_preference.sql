{#- By spend for what was bought; by orders for where and when; by contacts for how the customer talks to us. -#}
with orders as (
    select
        source,
        order_id,
        customer_key,
        channel,
        store_id,
        lpad(cast({{ business_hour('ordered_at') }} as string), 2, '0') as order_hour
    from {{ ref('int_order') }}
    where is_purchase
),

lines as (
    select
        orders.customer_key,
        lines.category,
        lines.net_amount
    from {{ ref('int_order_line') }} as lines
    inner join orders on lines.source = orders.source and lines.order_id = orders.order_id
    where lines.is_counted and lines.net_amount > 0
),

contacts as (
    select
        customer_key,
        channel
    from {{ ref('int_interaction') }}
    union all
    select
        customer_key,
        channel
    from {{ ref('int_case') }}
),

amounts as (
    select
        customer_key,
        'category' as preference,
        category as preferred,
        net_amount as amount
    from lines
    where category is not null
    union all
    {%- for name, column in {'channel': 'channel', 'store': 'store_id', 'hour': 'order_hour'}.items() %}
    select
        customer_key,
        '{{ name }}' as preference,
        cast({{ column }} as string) as preferred,
        cast(1 as decimal(18, 2)) as amount
    from orders
    where {{ column }} is not null
    union all
    {%- endfor %}
    select
        customer_key,
        'contact_channel' as preference,
        cast(channel as string) as preferred,
        cast(1 as decimal(18, 2)) as amount
    from contacts
    where customer_key is not null and channel is not null and channel <> 'unknown'
),

summed as (
    select
        customer_key,
        preference,
        preferred,
        sum(amount) as amount
    from amounts
    where customer_key is not null and preferred <> 'unknown'
    group by customer_key, preference, preferred
),

-- between equal amounts, the first name in alphabetical order counts; for hours, the earliest
ranked as (
    select
        *,
        sum(amount) over (partition by customer_key, preference) as total_amount,
        row_number() over (
            partition by customer_key, preference order by amount desc nulls last, preferred asc nulls last
        ) as preference_rank
    from summed
)

select
    customer_key,
    preference,
    preferred,
    cast({{ divide('amount', 'total_amount', 4, 2) }} as decimal(9, 4)) as preference_share
from ranked
where preference_rank = 1
