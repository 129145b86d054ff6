"""The page `value`: what customers are worth, how concentrated revenue is, and how good the forecasts were."""

from pipelines.report.blocks import Block, Chart, Page, Parts

_PERIOD = """
    period_kind = 'year' and slice_by = '{slice_by}' and period_on = (
        select coalesce(max(period_on) filter (where is_complete), max(period_on))
        from rpt_audit_period
        where period_kind = 'year'
    )
"""

TIERS = Block(
    key="value_tiers",
    is_narrow=True,
    marts=("rpt_clv_by_segment",),
    sql="""
        select slice_value as value_tier, n_customers, historic_net_amount, historic_net_share, clv_12m_amount,
            clv_12m_share, clv_12m_share_low, clv_12m_share_high, mean_clv_12m_amount
        from rpt_clv_by_segment
        where slice_by = 'value_tier'
        order by list_position(['top', 'high', 'middle', 'low'], slice_value)
    """,
    chart=Chart("bars", x="clv_12m_share", y="value_tier", low="clv_12m_share_low", high="clv_12m_share_high"),
    codes={"value_tier": "value_tier"},
    group="n_customers",
    parts=Parts("forecast", ("value_tier",)),
    needs="forecast",
)

CONCENTRATION = Block(
    key="concentration",
    marts=("rpt_audit_period",),
    sql=f"""
        select slice_value as decile, n_customers, net_amount, net_share, mean_net_amount,
            lowest_net_amount, highest_net_amount
        from rpt_audit_period
        where slice_value <> 'returns_only' and {_PERIOD.format(slice_by="decile")}
        order by try_cast(slice_value as integer) desc nulls last, slice_value
    """,  # noqa: S608 (texts of ours)
    chart=Chart("bars", x="net_share", y="decile"),
    codes={"decile": "order_group"},
    group="n_customers",
    parts=Parts("deciles", ("decile",)),
    # no sentence if a tenth is too small to show: then the table hides another tenth too, perhaps the best one
    finding=f"""
        select max(period_on) as year_on, max(net_share) filter (where slice_value = '10') as net_share
        from rpt_audit_period
        where slice_value <> 'returns_only' and {_PERIOD.format(slice_by="decile")}
        having min(n_customers) >= $min_group
    """,  # noqa: S608 (texts of ours)
)

BY_LEVEL = Block(
    key="value_by_level",
    is_narrow=True,
    marts=("rpt_value",),
    sql="""
        select level, n_customers, net_amount, net_share, net_share_low, net_share_high, kept_share, mean_categories,
            service_cost_share, n_referrals
        from rpt_value
        where month_on = (select max(month_on) filter (where is_complete) from rpt_value)
        order by net_amount desc, level
    """,
    chart=Chart("bars", x="net_share", y="level", low="net_share_low", high="net_share_high"),
    codes={"level": "level"},
    group="n_customers",
    parts=Parts("month", ("level",)),
    finding="select max(month_on) filter (where is_complete) as month_on from rpt_value",
    needs="history",
)

LOYAL_SHARE = Block(
    key="loyal_share",
    is_narrow=True,
    marts=("rpt_value",),
    sql="""
        select
            month_on,
            coalesce(sum(n_customers) filter (where level = 'loyal'), 0) as n_customers,
            coalesce(sum(purchase_amount) filter (where level = 'loyal'), 0) as purchase_amount,
            coalesce(sum(purchase_amount) filter (where level = 'loyal'), 0) / nullif(sum(purchase_amount), 0)
                as purchase_share
        from rpt_value
        where is_complete and month_on > $as_of - interval 25 month
            and exists (select 1 from rpt_value where is_complete and level = 'loyal')
        group by all
        order by month_on
    """,
    chart=Chart("lines", x="month_on", y="purchase_share"),
    group="n_customers",
    needs="history",
)

BY_CHANNEL = Block(
    key="clv_by_channel",
    is_narrow=True,
    marts=("customer_clv", "dim_customer"),
    sql="""
        select
            coalesce(acquisition_channel, 'unknown') as acquisition_channel,
            count(clv_12m_amount) as n_customers,
            avg(clv_12m_amount) as mean_clv_12m_amount,
            avg(clv_12m_amount) - 1.959964 * stddev_samp(clv_12m_amount) / sqrt(count(clv_12m_amount))
                as mean_clv_12m_amount_low,
            avg(clv_12m_amount) + 1.959964 * stddev_samp(clv_12m_amount) / sqrt(count(clv_12m_amount))
                as mean_clv_12m_amount_high
        from customer_clv
        inner join dim_customer using (customer_key)
        group by all
        having count(clv_12m_amount) > 0
        order by mean_clv_12m_amount desc, acquisition_channel
        limit 15
    """,
    chart=Chart(
        "bars",
        x="mean_clv_12m_amount",
        y="acquisition_channel",
        low="mean_clv_12m_amount_low",
        high="mean_clv_12m_amount_high",
    ),
    codes={"acquisition_channel": "channel"},
    group="n_customers",
    parts=Parts("forecast", ("acquisition_channel",)),
    needs="forecast",
)

TRACKING = Block(
    key="forecast_tracking",
    marts=("rpt_clv_validation",),
    sql="""
        select cast(bin as integer) as week, n_customers, actual, predicted
        from rpt_clv_validation
        where part = 'week' and is_chosen
        order by week
    """,
    chart=Chart("lines", x="week", y="actual", line="predicted"),
    group="n_customers",
    finding="""
        select cut_on, actual * n_customers as n_purchases, predicted * n_customers as n_expected_purchases
        from rpt_clv_validation
        where part = 'total' and is_chosen
    """,
    needs="tracking",
)

PAGE = Page("value", (TIERS, CONCENTRATION, BY_LEVEL, LOYAL_SHARE, BY_CHANNEL, TRACKING))
