"""The page `overview`: where customers stand (levels), why they stay (classes), and whether the labels hold."""

from pipelines.report.blocks import Block, Chart, Page, Parts

LEVEL_TREND = Block(
    key="level_trend",
    marts=("rpt_migration",),
    sql="""
        select to_month_end_on as month_end_on, to_value as level, sum(n_customers) as n_customers
        from rpt_migration
        where group_by = 'level' and n_months = 1 and to_month_end_on > $as_of - interval 25 month
        group by all
        order by month_end_on, level
    """,
    chart=Chart("columns", x="month_end_on", y="n_customers", colour="level"),
    codes={"level": "level"},
    group="n_customers",
    needs="history",
)

LEVELS_BY_CLASS = Block(
    key="levels_by_class",
    marts=("customer_loyalty",),
    sql="""
        select level, loyalty_class, count(*) as n_customers
        from customer_loyalty
        group by level, loyalty_class
        order by
            list_position(['loyal', 'potential', 'new', 'won_back', 'at_risk', 'churned', 'prospect'], level),
            list_position(
                ['emotional', 'attitudinal', 'cognitive', 'behavioural', 'not_loyal', 'unknown'], loyalty_class
            )
    """,
    chart=Chart("bars", x="n_customers", y="level", colour="loyalty_class"),
    codes={"level": "level", "loyalty_class": "loyalty_class"},
    group="n_customers",
    parts=Parts("customers", ("level", "loyalty_class"), None),
    finding="""
        select
            count(*) filter (where level = 'loyal') as n_loyal,
            count(*) filter (where level = 'loyal') / count(*) as loyal_share,
            count(*) filter (where loyalty_class = 'unknown') / count(*) as unknown_share
        from customer_loyalty
        where level <> 'prospect'
        having count(*) filter (where level = 'loyal') >= $min_group
    """,
)

QUADRANTS = Block(
    key="quadrants",
    is_narrow=True,
    marts=("customer_loyalty",),
    sql="""
        select quadrant, count(*) as n_customers
        from customer_loyalty
        where level <> 'prospect'
        group by quadrant
        order by list_position(
            ['true_loyalty', 'spurious_loyalty', 'latent_loyalty', 'no_loyalty', 'unknown'], quadrant
        )
    """,
    chart=Chart("bars", x="n_customers", y="quadrant"),
    codes={"quadrant": "quadrant"},
    group="n_customers",
    needs="surveys",
)

LEVEL_OUTCOME = Block(
    key="level_outcome",
    is_narrow=True,
    marts=("rpt_level_outcome",),
    sql="""
        select level, n_customers, returned_share, returned_share_low, returned_share_high, predicted_share
        from rpt_level_outcome
        where month_end_on = (select max(month_end_on) from rpt_level_outcome)
        order by list_position(['loyal', 'potential', 'new', 'won_back', 'at_risk', 'churned', 'prospect'], level)
    """,
    chart=Chart("bars", x="returned_share", y="level", low="returned_share_low", high="returned_share_high"),
    codes={"level": "level"},
    group="n_customers",
    finding="""
        select max(month_end_on) as month_end_on, arg_max(horizon_days, month_end_on) as horizon_days
        from rpt_level_outcome
        having count(*) > 0
    """,
    needs="history",
)

PAGE = Page("overview", (LEVELS_BY_CLASS, LEVEL_TREND, QUADRANTS, LEVEL_OUTCOME))
