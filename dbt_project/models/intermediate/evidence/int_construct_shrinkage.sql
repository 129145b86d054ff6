{%- set prior = var('loyalty_evidence_prior') -%}
{%- set least, most = var('evidence_least_shrinkage'), var('evidence_most_shrinkage') -%}
with evidence as (
    select * from {{ ref('int_evidence_day') }}
),

customers as (
    select
        observed_on,
        construct,
        customer_key,
        sum(n_items) as n_items,
        sum(score_sum) as score_sum,
        sum(squared_score_sum) as squared_score_sum,
        {{ days_between('max(latest_on)', 'min(first_on)') }} as span_days
    from evidence
    group by observed_on, construct, customer_key
),

repeats as (
    select
        *,
        {{ divide(multiply('score_sum', 'score_sum', 8, 4, 4, precision=28), 'n_items', 8) }} as squared_mean_sum
    from customers
    where n_items >= 2 and span_days >= {{ var('evidence_repeat_days') }}
),

-- Decimals are summed, so that the order of rows does not matter. The few sums are then DOUBLE.
sums as (
    select
        observed_on,
        construct,
        count(*) as n_customers,
        cast(count(*) as double) as k,
        cast(sum(n_items) as double) as n,
        cast(sum(n_items * n_items) as double) as n_squared,
        cast(sum(score_sum) as double) as score_sum,
        cast(sum(squared_score_sum) as double) as squared_score_sum,
        cast(sum(squared_mean_sum) as double) as squared_mean_sum
    from repeats
    group by observed_on, construct
),

-- One-way analysis of variance, customers as groups of different size.
variances as (
    select
        observed_on,
        construct,
        n_customers,
        (squared_mean_sum - score_sum * score_sum / n) / nullif(k - 1, 0) as between_variance,
        (squared_score_sum - squared_mean_sum) / (n - k) as within_variance,
        (n - n_squared / n) / nullif(k - 1, 0) as mean_group_size
    from sums
),

-- (1 - ICC) / ICC is group size x within / (between - within), without computing the ICC.
estimated as (
    select
        observed_on,
        construct,
        n_customers,
        case
            when n_customers < {{ var('evidence_repeat_customers') }} then null
            when between_variance <= within_variance then cast({{ most }} as double)
            else mean_group_size * within_variance / nullif(between_variance - within_variance, 0)
        end as ratio
    from variances
),

every_construct as (
    select distinct
        observed_on,
        construct
    from evidence
),

final as (
    select
        every_construct.observed_on,
        every_construct.construct,
        cast(coalesce(estimated.n_customers, 0) as integer) as n_repeat_customers,
        estimated.ratio is not null as is_estimated,
        cast(
            case
                when estimated.ratio is null then {{ prior }}
                when estimated.ratio < {{ least }} then {{ least }}
                when estimated.ratio > {{ most }} then {{ most }}
                else estimated.ratio
            end as decimal(9, 4)
        ) as shrinkage
    from every_construct
    left join estimated
        on every_construct.observed_on = estimated.observed_on and every_construct.construct = estimated.construct
)

select * from final
