{{ config(materialized='view') }}

with headers as (
    select
        *,
        coalesce(currency, '{{ var("currency") }}') as order_currency
    from {{ ref('int_order_header') }}
),

lines as (
    select
        source,
        order_id,
        sum(case when is_counted then 1 else 0 end) as n_lines,
        sum(case when is_counted then quantity end) as quantity,
        coalesce(sum(case when is_counted then gross_amount end), 0) as gross_amount,
        coalesce(sum(case when is_counted then discount_amount end), 0) as discount_amount,
        cast(sum(case when is_counted then tax_amount end) as decimal(18, 2)) as tax_amount,
        sum(case when is_counted and fx_rate is null then 1 else 0 end) as n_without_rate,
        sum(case when is_counted and gross_amount is null then 1 else 0 end) as n_without_amount,
        -- with the lines that do not count: the amount of a header may include them
        count(*) as n_all_lines,
        sum(case when gross_amount is null then 1 else 0 end) as n_lines_unvalued,
        coalesce(sum(gross_amount), 0) as all_gross_amount,
        coalesce(sum(discount_amount), 0) as all_discount_amount,
        cast(sum(tax_amount) as decimal(18, 2)) as all_tax_amount
    from {{ ref('int_order_line') }}
    where {{ is_changed('int_changed_order') }}
    group by source, order_id
),

payments as (
    select
        source,
        order_id,
        max(paid_at) as last_paid_at,
        sum(amount) as paid,
        min(currency) as first_currency,
        max(currency) as last_currency
    from {{ ref('int_payments_as_of') }}
    where {{ is_changed('int_changed_order') }}
    group by source, order_id
),

joined as (
    select
        headers.*,
        {{ rate_of('headers.order_currency', 'rates.fx_rate') }} as fx_rate,
        coalesce(lines.n_lines, 0) as n_lines,
        lines.quantity,
        -- NULL if any line has no amount: the sum would be too small
        case when lines.n_without_amount = 0 then lines.gross_amount end as lines_gross_amount,
        coalesce(lines.n_without_rate, 0) as n_lines_without_rate,
        lines.n_all_lines,
        lines.n_lines_unvalued,
        lines.gross_amount as counted_gross_amount,
        lines.discount_amount as counted_discount_amount,
        lines.tax_amount as counted_tax_amount,
        lines.all_gross_amount,
        lines.all_discount_amount,
        lines.all_tax_amount,
        payments.last_paid_at,
        case
            when
                coalesce(payments.first_currency, headers.order_currency) = headers.order_currency
                and coalesce(payments.last_currency, headers.order_currency) = headers.order_currency
                then payments.paid
        end as paid
    from headers
    left join lines
        on headers.source = lines.source and headers.order_id = lines.order_id
    left join payments
        on headers.source = payments.source and headers.order_id = payments.order_id
    left join {{ ref('int_fx_rate_day') }} as rates
        on headers.order_currency = rates.currency and headers.ordered_on = rates.rate_on
),

converted as (
    select
        *,
        {{ multiply('gross', 'fx_rate') }} as header_gross_amount,
        {{ multiply('discount', 'fx_rate') }} as header_discount_amount,
        {{ multiply('tax', 'fx_rate') }} as header_tax_amount,
        {{ multiply('shipping', 'fx_rate') }} as shipping_amount,
        {{ multiply('total', 'fx_rate') }} as header_total_amount,
        {{ multiply('paid', 'fx_rate') }} as paid_amount,
        {{ multiply(goods_of_total('total'), 'fx_rate') }} as total_goods_amount,
        {{ multiply(goods_of_total('paid'), 'fx_rate') }} as paid_goods_amount
    from joined
),

-- The header's amount minus each of two sums, before and after discounts: that of the lines that count, and that of all
-- lines.
compared as (
    select
        *,
        {%- for lines in ['counted', 'all'] %}
        {{ header_difference(lines) }} as {{ lines }}_gross_difference,
        {{ header_difference(lines) }}
        - coalesce(header_discount_amount - {{ lines }}_discount_amount, 0) as {{ lines }}_net_difference,
        {%- endfor %}
        0.005 * (n_all_lines + 1) as rounding_amount
    from converted
),

included as (
    select
        *,
        coalesce(case
            when (gross is null and total is null) or n_all_lines = n_lines then false
            when abs(counted_gross_difference) <= rounding_amount or abs(counted_net_difference) <= rounding_amount
                then false
            -- the sums are not known
            when n_rejected_lines > 0 or n_lines_unvalued > 0 then false
            when abs(all_gross_difference) <= rounding_amount or abs(all_net_difference) <= rounding_amount then true
            -- a coupon, tax or shipping that is not stated: the nearer sum, if the header is between both
            else all_gross_difference < 0 and 0 - all_gross_difference < counted_gross_difference
        end, false) as includes_uncounted_lines
    from compared
),

discounted as (
    select
        *,
        case
            -- the amount is the sum of the lines that count, and the discount is that of all lines
            when
                gross is null and total is null and all_discount_amount > counted_discount_amount
                and abs(header_discount_amount - all_discount_amount) <= rounding_amount
                then counted_discount_amount
            else
                coalesce(
                    header_discount_amount,
                    case when includes_uncounted_lines then all_discount_amount else counted_discount_amount end,
                    0
                )
        end as discount_amount,
        coalesce(
            header_tax_amount, case when includes_uncounted_lines then all_tax_amount else counted_tax_amount end
        ) as tax_amount
    from included
),

valued as (
    -- the first that is known: the gross amount of the order itself, of its total, of its lines, of its payments
    select
        *,
        case
            when gross is not null then header_gross_amount
            when total is not null then {{ gross_of_goods('total_goods_amount') }}
            when n_rejected_lines > 0 then null
            else coalesce(lines_gross_amount, {{ gross_of_goods('paid_goods_amount') }})
        end as gross_amount
    from discounted
)

select
    {%- for column in [
        'source', 'order_id', 'customer_ref', 'ordered_at', 'ordered_on', 'status', 'status_class', 'channel', 'store_id',
        'coupon_code', 'promised_at', 'delivered_at', 'cancelled_at', 'is_test', 'has_header', 'has_mixed_customers',
        'is_outdated', 'n_rejected_lines',
    ] %}
    {{ column }},
    {%- endfor %}
    order_currency as currency,
    fx_rate,
    cast(gross_amount as decimal(18, 2)) as gross_amount,
    cast(case when gross_amount is not null then discount_amount end as decimal(18, 2)) as discount_amount,
    cast(gross_amount - discount_amount as decimal(18, 2)) as net_amount,
    tax_amount,
    shipping_amount,
    cast(
        coalesce(
            header_total_amount,
            gross_amount - discount_amount + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0),
            -- last, because a payment may be a part of the amount
            paid_amount
        ) as decimal(18, 2)
    ) as total_amount,
    cast(n_lines as integer) as n_lines,
    cast(quantity as decimal(18, 4)) as quantity,
    gross is null and total is null and lines_gross_amount is not null as is_sum_of_lines,
    includes_uncounted_lines,
    coalesce(paid_at, last_paid_at) as paid_at,
    case
        when fx_rate is null or (gross is null and total is null and n_lines_without_rate > 0) then 'missing_rate'
        when gross is null and total is null and n_rejected_lines > 0 then 'lines_rejected'
        when gross_amount is null then 'missing_amount'
    end as issue
from valued
