-- Rows with an amount are valued in int_issue_rejected_rows; unreadable records in int_issue_unreadable. rpt_quarantine
-- has the rules.
with rejected as (
    select
        source,
        entity
    from {{ ref('stg_quarantine') }}
    where
        entity not in (
            'unreadable'
            {%- for name in money_entities() %},
            '{{ name }}'
            {%- endfor %}
        )
        and not is_resolved
        -- an earlier version counts: int_issue_delivery
        and not has_earlier_version
        and coalesce(effective_on <= {{ as_of_date() }}, true)
)

select
    'rows_rejected' as issue,
    source,
    entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(null as decimal(18, 2)) as amount,
    false as is_amount_estimated
from rejected
group by source, entity
