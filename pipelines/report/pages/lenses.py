"""The page `lenses`: the five lenses of the customer-base audit, and earned growth."""

from pipelines.report.blocks import Block, Chart, Page, Parts

ONE_PERIOD = Block(
    key="lens_one_period",
    is_narrow=True,
    marts=("rpt_audit_period",),
    sql="""
        select slice_value as order_group, n_customers, customer_share, net_amount, net_share, mean_net_amount
        from rpt_audit_period
        where period_kind = 'quarter' and slice_by = 'orders' and period_on = (
            select max(period_on) from rpt_audit_period where period_kind = 'quarter' and is_complete
        )
        order by try_cast(regexp_extract(slice_value, '^[0-9]+') as integer) nulls last, slice_value
    """,
    chart=Chart("bars", x="customer_share", y="order_group"),
    codes={"order_group": "order_group"},
    group="n_customers",
    finding="""
        select max(period_on) filter (where is_complete) as quarter_on
        from rpt_audit_period
        where period_kind = 'quarter'
    """,
    needs="history",
)

TWO_PERIODS = Block(
    key="lens_two_periods",
    is_narrow=True,
    marts=("rpt_audit_two_periods",),
    sql="""
        select movement, n_customers, previous_net_amount, net_amount, change_amount
        from rpt_audit_two_periods
        where period_kind = 'quarter' and period_on = (
            select max(period_on) from rpt_audit_two_periods where period_kind = 'quarter' and is_complete
        )
        order by change_amount desc, movement
    """,
    chart=Chart("bars", x="change_amount", y="movement"),
    codes={"movement": "movement"},
    group="n_customers",
    parts=Parts("two periods", ("movement",)),
    finding="""
        select max(period_on) as quarter_on, sum(change_amount) as change_amount
        from rpt_audit_two_periods
        where period_kind = 'quarter' and period_on = (
            select max(period_on) from rpt_audit_two_periods where period_kind = 'quarter' and is_complete
        )
    """,
    needs="history",
)

_COHORTS = """
    select cohort_on as quarter_on, periods_since, n_customers, active_share, orders_per_active, mean_order_amount,
        net_amount
    from rpt_audit_cohort
    where period_kind = 'quarter' and cohort_on is not null and is_complete
        and period_on > $as_of - interval 39 month
"""

ONE_COHORT = Block(
    key="lens_one_cohort",
    is_narrow=True,
    marts=("rpt_audit_cohort",),
    sql=f"""
        with cohorts as ({_COHORTS})
        select * from cohorts
        where quarter_on = (select min(quarter_on) from cohorts where periods_since = 0)
        order by periods_since
    """,  # noqa: S608 (texts of ours)
    chart=Chart("lines", x="periods_since", y="active_share"),
    group="n_customers",
    finding=f"""
        with cohorts as ({_COHORTS})
        select quarter_on, any_value(n_customers) as n_customers from cohorts
        where quarter_on = (select min(quarter_on) from cohorts where periods_since = 0)
            and n_customers >= $min_group
        group by all
    """,  # noqa: S608 (texts of ours)
    needs="history",
)

COHORTS_COMPARED = Block(
    key="lens_cohorts",
    is_narrow=True,
    marts=("rpt_audit_cohort",),
    sql=f"""
        with cohorts as ({_COHORTS})
        select * from cohorts where periods_since = 1 order by quarter_on
    """,  # noqa: S608 (texts of ours)
    chart=Chart("columns", x="quarter_on", y="active_share"),
    group="n_customers",
    needs="history",
)

WHOLE_BASE = Block(
    key="lens_whole_base",
    marts=("rpt_audit_cohort",),
    sql="""
        select
            period_on as quarter_on,
            case when year(cohort_on) < year($as_of) - 5 then '≤ ' || (year($as_of) - 6) else '' || year(cohort_on) end
                as cohort_year,
            sum(n_active) as n_customers,
            sum(net_amount) as net_amount
        from rpt_audit_cohort
        where period_kind = 'quarter' and cohort_on is not null and period_on > $as_of - interval 39 month
        group by all
        order by quarter_on, cohort_year
    """,
    chart=Chart("columns", x="quarter_on", y="net_amount", colour="cohort_year"),
    group="n_customers",
    parts=Parts("whole base", ("quarter_on", "cohort_year"), ("quarter_on",)),
    needs="history",
)

EARNED_GROWTH = Block(
    key="earned_growth",
    marts=("rpt_earned_growth",),
    sql="""
        select period_on as quarter_on, n_previous_customers, nrr_share, nrr_share_low, nrr_share_high, enc_share,
            earned_growth_share, growth_share
        from rpt_earned_growth
        where period_kind = 'quarter' and is_complete
        order by quarter_on
    """,
    chart=Chart("lines", x="quarter_on", y="nrr_share", low="nrr_share_low", high="nrr_share_high"),
    group="n_previous_customers",
    needs="history",
)

PAGE = Page("lenses", (ONE_PERIOD, TWO_PERIODS, ONE_COHORT, COHORTS_COMPARED, WHOLE_BASE, EARNED_GROWTH))
