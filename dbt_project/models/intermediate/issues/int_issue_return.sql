{#- Converted amounts are rounded one by one, so the refund of an order can be a few cents more than its lines. -#}
{%- set issues = [
    ['refund_taken_as_gross', "issue is null and is_basis_assumed and amount_basis = 'gross'", 'stated_amount'],
    ['refund_taken_as_goods', "issue is null and is_basis_assumed and amount_basis = 'goods'", 'stated_amount'],
    ['refund_exceeds_order', 'issue is null and excess_amount > coalesce(rounding_amount, 0)', 'excess_amount'],
    [
        'refund_gross_without_order',
        "issue is null and order_id is null and amount_basis = 'gross' and return_amount = stated_amount",
        'return_amount',
    ],
    ['order_unknown', 'issue is null and is_order_unknown', 'return_amount'],
    ['return_amount_derived', 'issue is null and is_amount_derived', 'return_amount'],
    ['return_undated', 'issue is null and is_undated', 'return_amount'],
] -%}
with returns as (
    select * from {{ ref('int_return') }}
),

found as (
    select
        issue,
        source,
        stated_amount as amount
    from returns
    where issue is not null
    {%- for issue, condition, amount in issues %}
    union all
    select
        '{{ issue }}' as issue,
        source,
        {{ amount }} as amount
    from returns
    where {{ condition }}
    {%- endfor %}
)

select
    issue,
    source,
    'returns' as entity,
    cast(null as string) as detail,
    count(*) as n_rows,
    cast(sum(amount) as decimal(18, 2)) as amount,
    false as is_amount_estimated
from found
group by issue, source
