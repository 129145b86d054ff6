"""The page `risk`: which groups of customers are at risk, why, and what is at stake. It never shows an individual."""

from pipelines.report.blocks import Block, Chart, Page, Parts

_AT_RISK = """
    select {column}, count(*) as n_customers, sum(a.value_at_stake_amount) as value_at_stake_amount
    from customer_actions as a
    {join}
    where a.level = 'at_risk'
    group by all
    order by value_at_stake_amount desc nulls last, {order}
"""


def _groups(key: str, column: str, code_set: str, mart: str = "") -> Block:
    """Customers at risk by one column, with the value at stake."""
    join = f"left join {mart} as g using (customer_key)" if mart else ""
    return Block(
        key=key,
        is_narrow=True,
        marts=("customer_actions", mart) if mart else ("customer_actions",),
        sql=_AT_RISK.format(column=f"{'g' if mart else 'a'}.{column}", join=join, order=column),
        chart=Chart("bars", x="value_at_stake_amount", y=column),
        codes={column: code_set},
        group="n_customers",
        parts=Parts("customers", (column,), fixed={"level": "at_risk"}),
        needs="stake",
    )


AT_STAKE = Block(
    key="at_stake",
    needs="stake",
    marts=("customer_actions",),
    sql="""
        select
            level,
            count(*) as n_customers,
            sum(expected_margin_12m_amount) as expected_margin_12m_amount,
            sum(value_at_stake_amount) as value_at_stake_amount
        from customer_actions
        where level <> 'prospect'
        group by level
        order by list_position(['loyal', 'potential', 'new', 'won_back', 'at_risk', 'churned'], level)
    """,
    chart=Chart("bars", x="value_at_stake_amount", y="level"),
    codes={"level": "level"},
    group="n_customers",
    finding="""
        select
            count(*) as n_customers,
            sum(value_at_stake_amount) as value_at_stake_amount,
            count(*) filter (where contact_channel is not null) / count(*) as reachable_share
        from customer_actions
        where level = 'at_risk'
        having count(*) >= $min_group
    """,
)

REASONS = Block(
    key="risk_by_reason",
    needs="stake",
    marts=("customer_actions",),
    sql="""
        with reasons as (
            select unnest([reason_1, reason_2, reason_3]) as reason, value_at_stake_amount
            from customer_actions
            where level = 'at_risk'
        )

        select reason, count(*) as n_customers, sum(value_at_stake_amount) as value_at_stake_amount
        from reasons
        where not ends_with(reason, '_high') -- what speaks for the customer
        group by reason
        order by n_customers desc, reason
        limit 15
    """,
    chart=Chart("bars", x="n_customers", y="reason"),
    codes={"reason": "reason"},
    group="n_customers",
)

PAGE = Page(
    "risk",
    (
        AT_STAKE,
        REASONS,
        _groups("risk_by_tier", "value_tier", "value_tier", "customer_clv"),
        _groups("risk_by_segment", "rfm_segment", "rfm_segment", "customer_rfm"),
        _groups("risk_by_class", "loyalty_class", "loyalty_class"),
        _groups("risk_by_channel", "favourite_channel", "channel", "customer_profile"),
    ),
)
