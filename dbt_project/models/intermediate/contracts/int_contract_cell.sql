with periods as (
    select * from {{ ref('int_contract_period') }}
),

-- the length of the first period decides the group of a contract
contracts as (
    select
        source,
        customer_key,
        contract_kind,
        contract_number,
        period_months,
        case
            when period_months < 12 then {{ month_start('started_on') }}
            else cast(date_trunc('year', started_on) as date)
        end as cohort_on
    from periods
    where period_number = 1
),

started as (
    select
        contract_kind,
        period_months,
        cohort_on,
        count(*) as n_started
    from contracts
    group by contract_kind, period_months, cohort_on
),

counted as (
    select
        contracts.contract_kind,
        contracts.period_months,
        contracts.cohort_on,
        periods.period_number,
        count(*) as n_reached,
        sum(case when periods.is_due then 1 else 0 end) as n_due,
        sum(case when periods.is_due and periods.renewed_on is not null then 1 else 0 end) as n_renewed
    from periods
    inner join contracts
        on
            periods.source = contracts.source
            and periods.customer_key = contracts.customer_key
            and periods.contract_kind = contracts.contract_kind
            and periods.contract_number = contracts.contract_number
    group by contracts.contract_kind, contracts.period_months, contracts.cohort_on, periods.period_number
)

select
    counted.contract_kind,
    cast(counted.period_months as integer) as period_months,
    counted.cohort_on,
    counted.period_number,
    cast(started.n_started as bigint) as n_started,
    cast(counted.n_reached as bigint) as n_reached,
    cast(counted.n_due as bigint) as n_due,
    cast(counted.n_renewed as bigint) as n_renewed
from counted
inner join started
    on
        counted.contract_kind = started.contract_kind
        and counted.period_months = started.period_months
        and counted.cohort_on = started.cohort_on
