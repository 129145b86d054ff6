"""The page `programme`: the loyalty programme and campaigns."""

from pipelines.report.blocks import Block, Chart, Page

# Two sources can use the same id for different campaigns, and an audience is one campaign per source. Then the source
# is added to the id.
_NAMED_CAMPAIGNS = """
    select
        * replace (
            case when count(*) over (partition by campaign_id) > 1 then campaign_id || ' (' || source || ')'
                else campaign_id end as campaign_id
        )
    from rpt_campaigns
"""

MEMBERS = Block(
    key="members",
    is_narrow=True,
    marts=("rpt_programme",),
    sql="""
        select observed_on as month_end_on, source, n_members, n_new_members, points_issued, points_redeemed,
            points_expired, points_outstanding
        from rpt_programme
        where observed_on > $as_of - interval 25 month
        order by month_end_on, source
    """,
    chart=Chart("lines", x="month_end_on", y="n_members", colour="source"),
    group="n_members",
    needs="programme",
)

LIABILITY = Block(
    key="liability",
    is_narrow=True,
    marts=("rpt_programme",),
    sql="""
        select observed_on as month_end_on, source, n_members, points_outstanding, redemption_share, liability_amount,
            liability_low_amount, liability_high_amount
        from rpt_programme
        where liability_amount is not null and observed_on > $as_of - interval 25 month
        order by month_end_on, source
    """,
    chart=Chart("lines", x="month_end_on", y="liability_amount", colour="source"),
    group="n_members",
    needs="points",
)

COMPARISON = Block(
    key="comparison",
    is_narrow=True,
    marts=("rpt_programme_comparison",),
    sql="""
        select customer_group, n_customers, return_share, return_share_low, return_share_high, mean_amount,
            mean_amount_low, mean_amount_high
        from rpt_programme_comparison
        where purchase_days_band = 'all' and customer_group <> 'difference'
        order by customer_group
    """,
    chart=Chart("bars", x="return_share", y="customer_group", low="return_share_low", high="return_share_high"),
    codes={"customer_group": "customer_group"},
    group="n_customers",
    needs="comparison",
)

LIFT = Block(
    key="lift",
    is_narrow=True,
    marts=("rpt_campaigns",),
    sql=f"""
        select campaign_id, campaign_kind, n_control_closed, n_treated_closed, treated_share, control_share,
            lift_share, lift_share_low, lift_share_high, cost_amount, cost_per_retained_amount
        from ({_NAMED_CAMPAIGNS})
        where lift_share is not null
        qualify row_number() over (order by last_touched_on desc, campaign_id) <= 20
        order by lift_share desc, campaign_id
    """,  # noqa: S608 (our own text)
    chart=Chart("bars", x="lift_share", y="campaign_id", low="lift_share_low", high="lift_share_high"),
    codes={"campaign_kind": "campaign_kind"},
    group="n_control_closed",
    needs="control",
)

CAMPAIGNS = Block(
    key="campaigns",
    marts=("rpt_campaigns",),
    sql=f"""
        select campaign_id, campaign_kind, first_touched_on, last_touched_on, n_treated, n_opened, n_clicked,
            n_redeemed, redeemed_share, cost_amount, treated_share
        from ({_NAMED_CAMPAIGNS})
        order by last_touched_on desc, campaign_id
        limit 40
    """,  # noqa: S608 (our own text)
    codes={"campaign_kind": "campaign_kind"},
    group="n_treated",
    needs="campaigns",
)

PAGE = Page("programme", (LIFT, CAMPAIGNS, MEMBERS, LIABILITY, COMPARISON))
