{%- set days = var('reports_followed_days') -%}
with products as (
    select
        source,
        product_id,
        category
    from {{ ref('int_products_as_of') }}
),

-- the category of an order, if it has only one; NULL if no line states one
subjects as (
    select
        source,
        order_id,
        {{ one_or_several('category') }} as category
    from {{ ref('int_order_line') }}
    where is_counted
    group by source, order_id
),

-- returns that name a known line of their order, with the category of that line
returned_lines as (
    select
        returns.source,
        returns.return_id,
        lines.category
    from {{ ref('int_returns_as_of') }} as returns
    inner join {{ ref('int_order_line') }} as lines
        on
            returns.source = lines.source
            and returns.order_id = lines.order_id
            and returns.line_id = lines.line_id
),

heard as (
    select
        cases.source,
        cases.case_id as feedback_id,
        cases.kind,
        cases.customer_key,
        cases.opened_on as heard_on,
        cases.channel,
        coalesce(products.category, 'unknown') as category,
        cases.first_response_hours,
        cases.resolution_hours,
        cases.is_resolved
    from {{ ref('int_case') }} as cases
    left join products on cases.source = products.source and cases.product_id = products.product_id
    where cases.kind is not null and cases.opened_on is not null

    union all

    select
        returns.source,
        returns.return_id as feedback_id,
        returns.kind,
        returns.customer_key,
        returns.returned_on as heard_on,
        cast(null as string) as channel,
        coalesce(
            case when named.return_id is null then subjects.category else named.category end, 'unknown'
        ) as category,
        cast(null as decimal(18, 2)) as first_response_hours,
        cast(null as decimal(18, 2)) as resolution_hours,
        cast(null as boolean) as is_resolved
    from {{ ref('int_return') }} as returns
    left join subjects on returns.source = subjects.source and returns.order_id = subjects.order_id
    left join returned_lines as named on returns.source = named.source and returns.return_id = named.return_id
    where returns.kind is not null and returns.returned_on is not null
),

classes as (
    select
        customer_key,
        loyalty_class
    from {{ ref('int_customer_class') }}
    where observed_on = {{ as_of_date() }}
),

purchases as (
    {{ purchase_days() }}
),

followed as (
    select
        heard.*,
        coalesce(classes.loyalty_class, 'unknown') as loyalty_class,
        {{ add_days('heard.heard_on', days) }} <= {{ as_of_date() }} as is_closed,
        coalesce(purchases.day_on <= {{ add_days('heard.heard_on', days) }}, false) as is_followed
    from heard
    left join classes on heard.customer_key = classes.customer_key
    left join purchases
        on
            {{ is_next_purchase('heard', 'heard_on') }}
)

select
    source,
    feedback_id,
    kind,
    customer_key,
    {{ month_start('heard_on') }} as month_start_on,
    coalesce(channel, 'unknown') as channel,
    category,
    loyalty_class,
    first_response_hours,
    resolution_hours,
    is_resolved,
    case
        when is_resolved is null then 'unknown'
        when not is_resolved then 'unresolved'
        when resolution_hours is null then 'unknown'
        when resolution_hours <= 24 * {{ var('reports_quick_days') }} then 'quick'
        else 'slow'
    end as resolution_speed,
    customer_key is not null and is_closed as is_closed,
    customer_key is not null and is_closed and is_followed as is_followed
from followed
