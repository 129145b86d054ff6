with days as (
    {{ mart_day_rows() }}
),

bought as (
    select
        customer_key,
        discount_known_on as known_on,
        sum(list_amount) as list_amount,
        sum(case when is_discounted then list_amount else 0 end) as discounted_amount
    from {{ ref('int_order_line_price') }}
    where discount_known_on is not null
    group by customer_key, discount_known_on
),

totals as (
    select
        customer_key,
        known_on,
        lead(known_on) over (partition by customer_key order by known_on) as next_on,
        cast(sum(list_amount) over until_day as decimal(18, 2)) as list_amount,
        cast(sum(discounted_amount) over until_day as decimal(18, 2)) as discounted_amount
    from bought
    window until_day as (
        partition by customer_key order by known_on rows between unbounded preceding and current row
    )
),

final as (
    select
        totals.customer_key,
        days.observed_on,
        totals.list_amount,
        totals.discounted_amount,
        cast({{ divide('totals.discounted_amount', 'totals.list_amount', 4, 2) }} as decimal(9, 4))
            as discount_dependence_share,
        -- with the amounts, because a share of .49996 is published as .5
        case
            when totals.list_amount > 0
                then
                    totals.discounted_amount
                    >= {{ multiply('totals.list_amount', var('type_discount_share'), 10, 2, 8, 28) }}
        end as is_discount_dependent
    from totals
    inner join days
        on
            totals.known_on <= days.observed_on
            and (totals.next_on is null or totals.next_on > days.observed_on)
)

select * from final
