with lines as (
    select *
    from {{ ref('int_order_line_price') }}
    where brand is not null and paid_amount > 0
),

brands as (
    select
        customer_key,
        brand,
        sum(paid_amount) as paid_amount
    from lines
    group by customer_key, brand
),

customer_days as (
    select
        customer_key,
        count(distinct ordered_on) as n_brand_days
    from lines
    group by customer_key
),

population as (
    select
        brand,
        sum(paid_amount) as paid_amount
    from brands
    group by brand
),

everything as (
    select sum(paid_amount) as paid_amount
    from population
),

-- the name decides between equal brands
ranked as (
    select
        customer_key,
        brand,
        paid_amount,
        count(*) over (partition by customer_key) as n_brands,
        sum(paid_amount) over (partition by customer_key) as customer_amount,
        row_number() over (
            partition by customer_key order by paid_amount desc nulls last, brand asc nulls last
        ) as brand_rank
    from brands
),

shares as (
    select
        ranked.customer_key,
        ranked.brand,
        ranked.n_brands,
        customer_days.n_brand_days,
        {{ divide('ranked.paid_amount', 'ranked.customer_amount', 4, 2) }} as customer_share,
        {{ divide('population.paid_amount', 'everything.paid_amount', 4, 2) }} as population_share
    from ranked
    inner join customer_days on ranked.customer_key = customer_days.customer_key
    inner join population on ranked.brand = population.brand
    cross join everything
    where ranked.brand_rank = 1
),

final as (
    select
        customer_key,
        brand as favourite_brand,
        cast(n_brands as integer) as n_brands,
        cast(n_brand_days as integer) as n_brand_days,
        case
            when
                n_brand_days >= {{ var('measure_brand_min_days') }}
                and n_brands >= {{ var('measure_brand_min_brands') }}
                then cast(customer_share - population_share as decimal(9, 4))
        end as favourite_brand_share
    from shares
)

select * from final
