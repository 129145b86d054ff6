"""The page `retention`: which share of each monthly cohort comes back, and how long contracts last."""

from pipelines.report.blocks import Block, Chart, Page

HEAT_MAP = Block(
    key="cohorts",
    marts=("rpt_retention",),
    sql="""
        select cohort_on as cohort_month_on, months_since, n_customers, retained_share, retained_share_low,
            retained_share_high
        from rpt_retention
        where slice_by = 'all' and is_month_complete and is_cohort_complete and months_since between 1 and 18
            and cohort_on >= date_trunc('month', $as_of) - interval 19 month
        order by cohort_month_on, months_since
    """,
    chart=Chart("heat", x="months_since", y="cohort_month_on", value="retained_share"),
    group="n_customers",
    needs="history",
)

CURVE = Block(
    key="retention_curve",
    marts=("rpt_retention",),
    sql="""
        select months_since, sum(n_customers) as n_customers, sum(n_retained) / sum(n_customers) as retained_share,
            sum(n_repurchased) / sum(n_customers) as repurchased_share
        from rpt_retention
        where slice_by = 'all' and is_month_complete and is_cohort_complete and not is_first_cohort
            and months_since <= 24
        group by all
        order by months_since
    """,
    chart=Chart("lines", x="months_since", y="retained_share", line="repurchased_share"),
    group="n_customers",
    needs="history",
)

REPURCHASE = Block(
    key="repurchase",
    is_narrow=True,
    marts=("rpt_retention",),
    sql="""
        select cohort_on as cohort_month_on, n_customers, repurchased_share, repurchased_share_low,
            repurchased_share_high
        from rpt_retention
        where slice_by = 'all' and months_since = 3 and is_month_complete and is_cohort_complete
            and cohort_on > $as_of - interval 30 month
        order by cohort_month_on
    """,
    chart=Chart(
        "lines",
        x="cohort_month_on",
        y="repurchased_share",
        low="repurchased_share_low",
        high="repurchased_share_high",
    ),
    group="n_customers",
    needs="history",
)

ORIGIN = Block(
    key="repurchase_by_origin",
    is_narrow=True,
    marts=("rpt_retention",),
    sql="""
        select slice_value as origin, sum(n_customers) as n_customers,
            sum(n_repurchased) / sum(n_customers) as repurchased_share
        from rpt_retention
        where slice_by = 'origin' and months_since = 3 and is_month_complete and is_cohort_complete
            and not is_first_cohort
        group by all
        order by repurchased_share desc, origin
    """,
    chart=Chart("bars", x="repurchased_share", y="origin"),
    codes={"origin": "origin"},
    group="n_customers",
    needs="referrals",
)

SURVIVAL = Block(
    key="survival",
    marts=("rpt_contract_retention",),
    sql="""
        select period_number, n_due, survival_share, survival_share_low, survival_share_high, predicted_survival_share
        from rpt_contract_retention
        where cohort_kind = 'all' and (contract_kind, period_months) = (
            select (contract_kind, period_months)
            from rpt_contract_retention
            where cohort_kind = 'all'
            order by n_started desc, contract_kind, period_months
            limit 1
        )
        order by period_number
    """,
    chart=Chart(
        "lines",
        x="period_number",
        y="survival_share",
        low="survival_share_low",
        high="survival_share_high",
        line="predicted_survival_share",
    ),
    group="n_due",
    needs="contracts",
)

PAGE = Page("retention", (HEAT_MAP, CURVE, REPURCHASE, ORIGIN, SURVIVAL))
