{#- Each topic is a model in models/intermediate/issues. All of them have the same columns. -#}
{%- set topics = [
    'int_issue_order',
    'int_issue_order_status',
    'int_issue_channel',
    'int_issue_delivery',
    'int_issue_deletion',
    'int_issue_rounded_values',
    'int_issue_lost_digits',
    'int_issue_line_total',
    'int_issue_file',
    'int_issue_identity',
    'int_issue_return',
    'int_issue_refunded_order',
    'int_issue_unreadable',
    'int_issue_rejected_rows',
    'int_issue_rejected_without_amount',
    'int_issue_straight_line',
    'int_issue_sentiment',
    'int_issue_linked_order',
    'int_issue_campaign_touch',
    'int_issue_incomplete_orders',
] -%}
with issues as (
    {%- for topic in topics %}
    select
        issue,
        source,
        entity,
        detail,
        n_rows,
        amount,
        is_amount_estimated
    from {{ ref(topic) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    issues.issue,
    issues.source,
    issues.entity,
    issues.detail,
    kinds.severity,
    cast(issues.n_rows as bigint) as n_rows,
    cast(issues.amount as decimal(18, 2)) as amount,
    issues.is_amount_estimated,
    kinds.meaning,
    kinds.action
from issues
left join {{ ref('data_issues') }} as kinds on issues.issue = kinds.issue
