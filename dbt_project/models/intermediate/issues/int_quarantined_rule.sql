{#- Files and rows are those of files dated until the as-of day, so the count and the whole are of the same files. -#}
with rejected as (
    select
        source,
        entity,
        broken_rules,
        count(*) as n_rows
    from {{ ref('stg_quarantine') }}
    where not is_resolved and coalesce(file_on <= {{ as_of_date() }}, true)
    group by source, entity, broken_rules
),

rules as (
    select
        code,
        entity
    from {{ ref('quarantine_rules') }}
),

landed as (
    select
        source,
        entity,
        sum(arrived_rows) as n_landed
    from {{ ref('stg_quarantine_share') }}
    where coalesce(file_on <= {{ as_of_date() }}, true)
    group by source, entity
),

-- a row counts for each rule that it breaks
by_rule as (
    select
        rejected.source,
        rejected.entity,
        rules.code as quarantine_rule,
        sum(rejected.n_rows) as n_rows
    from rejected
    inner join rules
        on
            rejected.entity = rules.entity
            and concat(', ', rejected.broken_rules, ',') like concat('%, ', rules.code, ',%')
    group by rejected.source, rejected.entity, rules.code
),

final as (
    select
        by_rule.source,
        by_rule.entity,
        by_rule.quarantine_rule,
        by_rule.n_rows,
        landed.n_landed
    from by_rule
    inner join landed on by_rule.source = landed.source and by_rule.entity = landed.entity
)

select * from final
