{{ config(materialized='incremental', meta={'changed_by': 'int_changed_order'}) }}

with lines as (
    select * from {{ ref('int_order_lines_as_of') }}
    where {{ is_changed('int_changed_order') }}
),

headers as (
    select
        source,
        order_id,
        ordered_on,
        status_class,
        has_header,
        currency
    from {{ ref('int_order_header') }}
    where {{ is_changed('int_changed_order') }}
),

products as (
    select
        source,
        product_id,
        product_name,
        category,
        brand,
        unit_cost
    from {{ ref('int_products_as_of') }}
),

placed as (
    select
        lines.source,
        lines.order_id,
        lines.line_id,
        headers.order_id is not null as has_order,
        coalesce(headers.ordered_on, lines.event_on) as ordered_on,
        lines.status,
        {{ status_class('lines.status', 'statuses.status_class') }} as status_class,
        headers.status_class as order_class,
        headers.has_header,
        lines.product_id,
        coalesce(lines.product_name, products.product_name) as product_name,
        coalesce(lines.category, products.category) as category,
        coalesce(lines.brand, products.brand) as brand,
        lines.quantity,
        lines.unit_price,
        lines.list_price,
        lines.discount,
        lines.total,
        lines.tax,
        lines.unit_cost,
        products.unit_cost as product_unit_cost,
        coalesce(lines.currency, headers.currency, '{{ var("currency") }}') as currency
    from lines
    left join headers
        on lines.source = headers.source and lines.order_id = headers.order_id
    left join {{ ref('int_order_status') }} as statuses
        on lines.source = statuses.source and lines.status = statuses.status
    left join products
        on lines.source = products.source and lines.product_id = products.product_id
),

rated as (
    select
        placed.*,
        {{ rate_of('placed.currency', 'rates.fx_rate') }} as fx_rate
    from placed
    left join {{ ref('int_fx_rate_day') }} as rates
        on placed.currency = rates.currency and placed.ordered_on = rates.rate_on
),

charged as (
    select
        *,
        {{ charged_line() }}
    from rated
),

converted as (
    select
        *,
        {{ converted_line() }}
    from charged
),

valued as (
    select
        *,
        cast(coalesce(stated_net_amount + discount_amount, price_gross_amount) as decimal(18, 2)) as gross_amount
    from converted
)

select
    source,
    order_id,
    line_id,
    has_order,
    ordered_on,
    status,
    status_class,
    {{ is_part_of_order('status_class', 'order_class', 'has_header') }} as is_counted,
    product_id,
    product_name,
    category,
    brand,
    quantity,
    currency,
    fx_rate,
    unit_price_amount,
    gross_amount,
    discount_amount,
    cast(gross_amount - discount_amount as decimal(18, 2)) as net_amount,
    tax_amount,
    list_amount,
    cost_amount,
    total_difference_amount,
    case
        when not has_order then 'missing_order'
        when status_class in ('cancelled', 'test') then 'cancelled_line'
        when status_class = 'pending' then 'pending_line'
        when fx_rate is null then 'missing_rate'
        when gross_amount is null then 'missing_amount'
        when status_class = 'unknown' then 'unknown_status'
    end as issue
from valued
