{%- set full_score = var('measure_price_full_premium_share') -%}
with tolerances as (
    select * from {{ ref('int_customer_tolerance') }}
    where tolerance_share is not null
),

prices as (
    select * from {{ ref('int_customer_price') }}
),

answered as (
    select distinct
        customer_key,
        observed_on
    from {{ ref('int_customer_construct') }}
    where dimension = 'emotion' and is_known and n_answers > 0
),

-- 50 for paying what all customers pay
priced as (
    select
        *,
        {{ divide('50 * (price_premium_share + ' ~ full_score ~ ')', full_score, 4, 4) }} as linear_score
    from prices
),

scored as (
    select
        *,
        cast(
            case when linear_score < 0 then 0 when linear_score > 100 then 100 else linear_score end as decimal(9, 4)
        ) as score
    from priced
),

-- a share of grievances after which the customer stayed, as answers are a share of top boxes
measured as (
    select
        customer_key,
        observed_on,
        'tolerance' as part,
        cast({{ divide('100 * n_grievances_followed', 'n_grievances', 4, 0) }} as decimal(9, 4)) as raw_score,
        cast(100 * tolerance_share as decimal(9, 4)) as score,
        cast({{ divide('n_grievances_followed', 'n_grievances', 6, 0) }} as decimal(9, 6)) as raw_top_share,
        cast(tolerance_share as decimal(9, 6)) as top_share,
        latest_on
    from tolerances

    union all

    select
        customer_key,
        observed_on,
        'price_tolerance' as part,
        score as raw_score,
        score,
        cast(case when {{ is_top_box("'emotion'", 'score') }} then 1 else 0 end as decimal(9, 6)) as raw_top_share,
        cast(case when {{ is_top_box("'emotion'", 'score') }} then 1 else 0 end as decimal(9, 6)) as top_share,
        latest_on
    from scored
),

-- on a past day only beside an answer: without one, emotion is not known
final as (
    select measured.*
    from measured
    left join answered
        on measured.customer_key = answered.customer_key and measured.observed_on = answered.observed_on
    where answered.customer_key is not null or measured.observed_on = {{ as_of_date() }}
)

select * from final
