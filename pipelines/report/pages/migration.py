"""The page `migration`: from which level, class and segment to which customers moved."""

from pipelines.report.blocks import Block, Chart, Page


def _matrix(key: str, group_by: str, months: int) -> Block:
    """The shares of each group that moved, between the last two month ends with `months` months between them."""
    return Block(
        key=key,
        marts=("rpt_migration",),
        sql=f"""
            select from_value, to_value, n_customers, n_from, share_of_from, share_low, share_high
            from rpt_migration
            where group_by = '{group_by}' and n_months = {months} and to_month_end_on = (
                select max(to_month_end_on) from rpt_migration where group_by = '{group_by}' and n_months = {months}
            )
            order by from_value, to_value
        """,  # noqa: S608 (texts of ours)
        chart=Chart("heat", x="to_value", y="from_value", value="share_of_from"),
        codes={"from_value": group_by, "to_value": group_by},
        group="n_customers",
        finding=f"""
            select max(from_month_end_on) as from_month_end_on, max(to_month_end_on) as to_month_end_on
            from rpt_migration
            where group_by = '{group_by}' and n_months = {months} and to_month_end_on = (
                select max(to_month_end_on) from rpt_migration where group_by = '{group_by}' and n_months = {months}
            )
        """,  # noqa: S608 (texts of ours)
        needs="history",
    )


FLOWS = Block(
    key="flows",
    marts=("rpt_migration",),
    sql="""
        select from_value as level, to_value as level_after, n_customers, share_of_from
        from rpt_migration
        where group_by = 'level' and n_months = 3 and to_month_end_on = (
            select max(to_month_end_on) from rpt_migration where group_by = 'level' and n_months = 3
        )
        order by
            list_position(
                ['loyal', 'potential', 'new', 'won_back', 'at_risk', 'churned', 'prospect', 'not_known_yet'],
                from_value
            ),
            list_position(
                ['loyal', 'potential', 'new', 'won_back', 'at_risk', 'churned', 'prospect', 'not_known_yet'], to_value
            )
    """,
    chart=Chart("shares", x="share_of_from", y="level", colour="level_after"),
    codes={"level": "level", "level_after": "level"},
    group="n_customers",
    needs="history",
)

CHURN = Block(
    key="churn_by_level",
    marts=("rpt_migration",),
    sql="""
        select
            from_month_end_on as month_end_on,
            sum(n_customers) as n_customers,
            coalesce(sum(n_customers) filter (where to_value in ('at_risk', 'churned')), 0) / sum(n_customers)
                as left_share
        from rpt_migration
        where group_by = 'level' and n_months = 1 and from_value in ('new', 'potential', 'loyal', 'won_back')
            and from_month_end_on > $as_of - interval 25 month
        group by all
        order by month_end_on
    """,
    chart=Chart("lines", x="month_end_on", y="left_share"),
    group="n_customers",
    needs="history",
)

PAGE = Page(
    "migration",
    (
        _matrix("level_matrix", "level", 1),
        FLOWS,
        CHURN,
        _matrix("class_matrix", "loyalty_class", 3),
    ),
)
