{%- set rate = var('clv_annual_discount_rate') -%}
{%- set margin = 'cast(' ~ var('contract_margin_share', 'null') ~ ' as decimal(18, 4))' %}

with periods as (
    select
        *,
        row_number() over (
            partition by source, customer_key, contract_kind order by contract_number desc, period_number desc
        ) as recency_rank,
        first_value(period_months) over (
            partition by source, customer_key, contract_kind, contract_number order by period_number
        ) as group_months,
        lag(ends_on) over (
            partition by source, customer_key, contract_kind, contract_number order by period_number
        ) as paid_before_on
    from {{ ref('int_contract_period') }}
),

latest as (
    select
        *,
        case
            when ends_on >= {{ as_of_date() }} then 'active'
            when not is_due then 'renewal_open'
            else 'ended'
        end as contract_state,
        -- from the end of the period before: an early or a late renewal does not make a period longer or shorter
        {{ contract_months(days_between('ends_on', 'coalesce(paid_before_on, begins_on)')) }} as paid_months
    from periods
    where recency_rank = 1
),

scores as (
    select
        contract_kind,
        cast(period_months as integer) as period_months,
        cast(period_number as integer) as period_number,
        cast(renewal_probability as decimal(9, 8)) as renewal_probability,
        cast(expected_periods as decimal(18, 8)) as expected_periods
    from {{ source('exchange', 'contract_scores') }}
),

scored as (
    select
        latest.*,
        scores.renewal_probability,
        scores.expected_periods as periods_at_renewal,
        case
            when latest.contract_state = 'active' then {{ days_between('latest.ends_on', as_of_date()) }}
            else 0
        end as days_to_renewal
    from latest
    left join scores
        on
            latest.contract_kind = scores.contract_kind
            and latest.group_months = scores.period_months
            and latest.period_number = scores.period_number
            and latest.contract_state <> 'ended'
            -- a fit on months does not apply to a fee for a year
            and latest.group_months in (latest.period_months, latest.paid_months)
),

-- from the next renewal to the as-of day
discounted as (
    select
        *,
        cast(
            periods_at_renewal * power(cast({{ 1 + rate }} as double), -days_to_renewal / cast(365.25 as double))
            as decimal(18, 6)
        ) as expected_periods
    from scored
),

valued as (
    select
        *,
        {{ multiply('fee_amount', 'expected_periods', 2, 2, 6) }} as remaining_fee_amount
    from discounted
)

select
    customer_key,
    {{ as_of_date() }} as as_of_on,
    contract_kind,
    source,
    contract_state,
    tier,
    contract_number as n_contracts,
    started_on,
    period_number as n_periods,
    cast(group_months as integer) as period_months,
    ends_on as paid_until_on,
    fee_amount,
    cast(renewal_probability as double) as renewal_probability,
    expected_periods,
    remaining_fee_amount,
    {{ multiply('remaining_fee_amount', margin, 2, 2, 4) }}
        as remaining_value_amount,
    case
        when contract_state = 'ended' then 'ended'
        when expected_periods is null then 'no_contract_score'
        when fee_amount is null then 'no_fee'
        when {{ 'true' if var('contract_margin_share', none) is none else 'false' }} then 'no_margin'
    end as no_value_reason
from valued
