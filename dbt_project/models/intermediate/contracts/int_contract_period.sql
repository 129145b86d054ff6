{%- set order_days = var('contract_orders_period_days', none) -%}
{%- set of_contract = 'partition by source, customer_key, contract_kind' %}

with memberships as (
    select
        source,
        customer_key,
        'paid_tier' as contract_kind,
        occurred_on as begins_on,
        paid_until_on as ends_on,
        tier,
        fee_amount
    from {{ ref('int_loyalty_event') }}
    where customer_key is not null and paid_until_on > occurred_on
),

-- An order at least two thirds of a period after the one before begins a period, and periods are counted from it.
-- Counted from the first order of all, 30 days would drift from calendar months by half a period in three years.
purchase_days as (
    select
        customer_key,
        day_on,
        net_amount,
        case
            when 3 * {{ days_between('day_on', 'previous_purchase_on') }} < {{ 2 * (order_days or 0) }} then 0
            else 1
        end as is_first
    from {{ ref('int_customer_day') }}
    where is_purchase_day and {{ 'true' if order_days else 'false' }}
),

numbered_days as (
    select
        *,
        sum(is_first) over (
            partition by customer_key order by day_on rows between unbounded preceding and current row
        ) as run_number
    from purchase_days
),

dated_days as (
    select
        *,
        min(day_on) over (partition by customer_key, run_number) as counted_from_on
    from numbered_days
),

-- Of orders that follow sooner, one in the first half of a period belongs to it, and one in the second half begins the
-- next period.
subscriptions as (
    select
        'orders' as source,
        customer_key,
        'orders' as contract_kind,
        min(day_on) as begins_on,
        {{ add_days('max(day_on)', order_days or 0) }} as ends_on,
        cast(null as {{ dbt.type_string() }}) as tier,
        cast(sum(net_amount) as decimal(18, 2)) as fee_amount
    from dated_days
    group by
        customer_key,
        counted_from_on,
        round({{ days_between('day_on', 'counted_from_on') }} / cast({{ order_days or 1 }} as double))
),

periods as (
    select * from memberships
    union all
    select * from subscriptions
),

followed as (
    select
        *,
        max(ends_on) over (
            {{ of_contract }}
            order by begins_on, ends_on, tier, fee_amount
            rows between unbounded preceding and 1 preceding
        ) as paid_until_on
    from periods
),

-- a period that ends no later than the one before, such as a correction, adds nothing
extending as (
    select
        *,
        case
            when begins_on <= {{ add_days('paid_until_on', var('contract_grace_days')) }} then 0
            else 1
        end as is_first
    from followed
    where paid_until_on is null or ends_on > paid_until_on
),

contracts as (
    select
        *,
        sum(is_first) over (
            {{ of_contract }}
            order by begins_on, ends_on rows between unbounded preceding and current row
        ) as contract_number
    from extending
)

select
    source,
    customer_key,
    contract_kind,
    cast(contract_number as integer) as contract_number,
    cast(row_number() over periods_in_order as integer) as period_number,
    min(begins_on) over ({{ of_contract }}, contract_number) as started_on,
    begins_on,
    ends_on,
    lead(begins_on) over periods_in_order as renewed_on,
    -- a second order in a period moves its end, but its length stays that of the setting
    case
        when contract_kind = 'orders' then {{ contract_months(order_days or 0) }}
        else {{ contract_months(days_between('ends_on', 'begins_on')) }}
    end as period_months,
    tier,
    fee_amount,
    {{ add_days('ends_on', var('contract_grace_days')) }} <= {{ as_of_date() }} as is_due
from contracts
window periods_in_order as ({{ of_contract }}, contract_number order by begins_on, ends_on)
