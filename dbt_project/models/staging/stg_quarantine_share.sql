{{ config(materialized='table') }}

{#- If a file was delivered again, only its open rows count as arrived. Its other rows are in the later delivery. -#}
with later_deliveries as (
    select
        batch,
        max(n_later) as n_later
    from {{ ref('stg_batch') }}
    group by batch
),

arrived as (
    select
        source,
        batch,
        entity,
        file_name,
        file_on,
        landed_rows as arrived_rows
    from {{ landed('ledger') }}
    where landed_rows > 0
    union all
    select distinct
        source,
        batch,
        'unreadable' as entity,
        file_name,
        file_on,
        records as arrived_rows
    from {{ landed('ledger') }}
    where records > 0
),

quarantined as (
    select
        batch,
        entity,
        count(*) as quarantined_rows,
        sum(case when is_resolved then 0 else 1 end) as open_rows,
        count(*) - count(row_amount) as n_unread,
        sum(case when row_amount is null and not is_resolved then 1 else 0 end) as n_open_unread,
        coalesce(sum(case when not is_resolved then row_amount end), 0) as open_read_amount
    from {{ ref('stg_quarantine') }}
    group by batch, entity
),

-- In the currency of each row, without conversion: a share needs no rates if a source has one currency.
read_amounts as (
    select
        source,
        batch,
        entity,
        read_amount,
        n_read
    from {{ ref('stg_file_reconciliation') }}
    {%- set entities_with_money = money_entities() | join("', '") %}
    where entity in ('{{ entities_with_money }}')
),

-- The value of a rejected row whose amount cannot be read: the mean of its file, else of its source.
means as (
    select
        batch,
        entity,
        read_amount,
        coalesce(
            {{ divide('read_amount', 'n_read', 2, 2) }},
            {{ divide(
                'sum(read_amount) over (partition by source, entity)',
                'sum(n_read) over (partition by source, entity)',
                2,
                2
            ) }}
        ) as mean_amount
    from read_amounts
),

amounts as (
    select
        arrived.batch,
        arrived.entity,
        coalesce(means.read_amount, 0)
        + coalesce({{ multiply('quarantined.n_unread', 'means.mean_amount', 2, 0, 2) }}, 0) as arrived_amount,
        coalesce(quarantined.open_read_amount, 0)
        + coalesce({{ multiply('quarantined.n_open_unread', 'means.mean_amount', 2, 0, 2) }}, 0) as open_amount
    from arrived
    left join quarantined on arrived.batch = quarantined.batch and arrived.entity = quarantined.entity
    left join means on arrived.batch = means.batch and arrived.entity = means.entity
)

select
    arrived.source,
    arrived.batch,
    arrived.entity,
    arrived.file_name,
    arrived.file_on,
    cast(
        case
            when later_deliveries.n_later > 0 then coalesce(quarantined.open_rows, 0)
            else arrived.arrived_rows
        end as bigint
    ) as arrived_rows,
    cast(coalesce(quarantined.quarantined_rows, 0) as bigint) as quarantined_rows,
    cast(coalesce(quarantined.open_rows, 0) as bigint) as open_rows,
    cast(
        case
            when later_deliveries.n_later > 0 then amounts.open_amount
            else amounts.arrived_amount
        end as decimal(28, 2)
    ) as arrived_amount,
    cast(amounts.open_amount as decimal(28, 2)) as open_amount
from arrived
inner join amounts on arrived.batch = amounts.batch and arrived.entity = amounts.entity
left join later_deliveries on arrived.batch = later_deliveries.batch
left join quarantined on arrived.batch = quarantined.batch and arrived.entity = quarantined.entity
