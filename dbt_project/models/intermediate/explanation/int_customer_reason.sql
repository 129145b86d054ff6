with customers as (
    select customer_key from {{ ref('int_customer') }}
),

level_reasons as (
    select * from {{ ref('int_level_reason') }}
),

effects as (
    select * from {{ ref('int_evidence_effect') }}
    where score_effect <> 0
),

-- names decide between equal effects
ranked as (
    select
        customer_key,
        part || case when score_effect > 0 then '_high' else '_low' end as reason,
        row_number() over (
            partition by customer_key
            order by abs(score_effect) desc nulls last, dimension asc nulls last, part asc nulls last
        ) as effect_rank
    from effects
),

strongest as (
    select
        customer_key,
        max(case when effect_rank = 1 then reason end) as reason_2,
        max(case when effect_rank = 2 then reason end) as reason_3
    from ranked
    where effect_rank <= 2
    group by customer_key
)

select
    customers.customer_key,
    coalesce(level_reasons.level_rule, 'no_purchase') as reason_1,
    strongest.reason_2,
    strongest.reason_3
from customers
left join level_reasons on customers.customer_key = level_reasons.customer_key
left join strongest on customers.customer_key = strongest.customer_key
