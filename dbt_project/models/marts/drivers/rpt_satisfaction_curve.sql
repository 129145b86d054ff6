with responses as (
    select * from {{ ref('int_response_construct') }}
    where is_returned is not null
),

-- One response per customer and construct, the latest with an outcome, so that customers are counted.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_key, construct
            order by answered_on desc nulls last, answered_at desc nulls last, response_key desc nulls last
        ) as response_rank
    from responses
),

-- Five bands of 20: each point of a scale of 5 points has its own.
banded as (
    select
        construct,
        horizon_days,
        is_returned,
        cast(case when score >= 100 then 5 else floor(score / 20) + 1 end as integer) as score_band
    from ranked
    where response_rank = 1
),

counted as (
    select
        construct,
        score_band,
        horizon_days,
        count(*) as n_customers,
        sum(is_returned) as n_returned
    from banded
    group by construct, score_band, horizon_days
)

select
    {{ as_of_date() }} as as_of_on,
    construct,
    score_band,
    cast(20 * (score_band - 1) as integer) as lower_score,
    cast(20 * score_band as integer) as upper_score,
    horizon_days,
    cast(n_customers as bigint) as n_customers,
    cast(n_returned as bigint) as n_returned,
    cast({{ divide('n_returned', 'n_customers', 6, 0) }} as decimal(9, 6)) as returned_share,
    {{ wilson_bound('n_returned', 'n_customers', '-') }} as returned_share_low,
    {{ wilson_bound('n_returned', 'n_customers', '+') }} as returned_share_high
from counted
