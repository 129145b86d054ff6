{{ config(materialized='view') }}

{#- In the order of the return dates: the amount of an earlier return never depends on a later one. -#}
{%- set earlier = 'order by returned_at nulls last, return_id' -%}
{%- set so_far = 'partition by source, order_id ' ~ earlier ~ ' rows between unbounded preceding and current row' -%}

-- in an incremental build, all returns of the orders with a changed return
with stated as (
    select
        *,
        case when line_quantity > 0 then line_quantity else 1 end as line_units
    from {{ ref('int_return_stated') }}
    where
        issue is null
        and is_counted
        and (source, order_id) in (
            select
                source,
                order_id
            from {{ ref('int_return_stated') }}
            where {{ is_changed('int_changed_return') }}
        )
),

units as (
    select
        *,
        case
            when line_quantity > 0 and quantity is not null then quantity
            when is_of_line then line_units
            else 0
        end as units
    from stated
),

units_so_far as (
    select
        *,
        sum(units) over (
            partition by source, order_id, line_id {{ earlier }} rows between unbounded preceding and current row
        ) as units_so_far
    from units
),

-- the amount covers goods, a part of the order's total (gross), or a part of its lines
parts as (
    select
        *,
        case
            when split_amount is not null then split_amount
            when amount_basis = 'goods' then stated_amount
            else 0
        end as goods_part,
        case when amount_basis = 'gross' and split_amount is null then stated_amount else 0 end as gross_part,
        case
            when is_of_line
                then
                    {{ share_of('line_net_amount', 'least(units_so_far, line_units)', 'line_units', 4) }}
                    - {{ share_of('line_net_amount', 'least(units_so_far - units, line_units)', 'line_units', 4) }}
            else 0
        end as line_part
    from units_so_far
),

sums as (
    select
        *,
        sum(goods_part) over ({{ so_far }}) as goods_so_far,
        sum(gross_part) over ({{ so_far }}) as gross_so_far,
        sum(line_part) over ({{ so_far }}) as lines_so_far,
        max(case when is_of_whole_order then 1 else 0 end) over ({{ so_far }}) as n_whole_so_far
    from parts
),

-- Lines can add up to more than the order (tax, a discount on the order): then they are scaled to it. lines_net_amount
-- is filled only in returns that name a line. Later returns of the order need it too: their sums include that line.
bounds as (
    select
        *,
        least(gross_so_far, order_total_amount) as gross_within_total,
        greatest(order_net_amount, coalesce(max(lines_net_amount) over (partition by source, order_id), 0))
            as lines_total_amount
    from sums
),

claimed as (
    select
        *,
        goods_so_far
        + {{ share_of('order_net_amount', 'gross_within_total', 'order_total_amount') }}
        + gross_so_far - gross_within_total
        + {{ share_of('order_net_amount', 'lines_so_far', 'lines_total_amount') }} as claimed_so_far
    from bounds
),

final as (
    select
        source,
        return_id,
        order_id,
        order_net_amount,
        cast(
            coalesce(lag(claimed_so_far) over (partition by source, order_id {{ earlier }}), 0) as decimal(18, 2)
        ) as claimed_before_amount,
        cast(claimed_so_far as decimal(18, 2)) as claimed_amount,
        coalesce(lag(n_whole_so_far) over (partition by source, order_id {{ earlier }}), 0) = 1 as is_whole_before,
        n_whole_so_far = 1 as is_whole
    from claimed
)

select * from final
where {{ is_changed('int_changed_return') }}
