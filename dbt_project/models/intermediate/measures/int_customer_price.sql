with days as (
    {{ mart_day_rows() }}
),

-- as long as a source showed no discount, all its customers paid the list price
lines as (
    select
        customer_key,
        ordered_on,
        {{ month_start('ordered_on') }} as month_on,
        paid_amount,
        list_amount
    from {{ ref('int_order_line_price') }}
    where
        line_id is not null
        and discount_known_on = ordered_on
        and list_amount > 0
        and paid_amount is not null
),

customer_months as (
    select
        customer_key,
        month_on,
        max(ordered_on) as latest_on,
        count(*) as n_lines,
        cast(sum(paid_amount) as decimal(18, 2)) as paid_amount,
        cast(sum(list_amount) as decimal(18, 2)) as list_amount
    from lines
    group by customer_key, month_on
),

shop_months as (
    select
        month_on,
        {{ divide('sum(paid_amount)', 'sum(list_amount)', 8, 2) }} as paid_share
    from customer_months
    group by month_on
),

totals as (
    select
        customer_months.customer_key,
        customer_months.month_on,
        lead(customer_months.month_on) over (
            partition by customer_months.customer_key order by customer_months.month_on
        ) as next_month_on,
        customer_months.latest_on,
        sum(customer_months.n_lines) over until_month as n_lines,
        sum(customer_months.list_amount) over until_month as list_amount,
        sum(
            customer_months.paid_amount
            - {{ multiply('customer_months.list_amount', 'shop_months.paid_share', 6, 2, 8, 24) }}
        ) over until_month as premium_amount
    from customer_months
    inner join shop_months on customer_months.month_on = shop_months.month_on
    window until_month as (
        partition by customer_months.customer_key order by customer_months.month_on
        rows between unbounded preceding and current row
    )
),

-- a day of marts is a month end or the last day with data, so it is after all days of its month
final as (
    select
        totals.customer_key,
        days.observed_on,
        totals.latest_on,
        cast(totals.n_lines as integer) as n_price_lines,
        cast({{ divide('totals.premium_amount', 'totals.list_amount', 4, 6) }} as decimal(9, 4)) as price_premium_share
    from totals
    inner join days
        on
            totals.month_on <= days.observed_on
            and (totals.next_month_on is null or totals.next_month_on > days.observed_on)
    where totals.n_lines >= {{ var('measure_price_min_lines') }}
)

select * from final
