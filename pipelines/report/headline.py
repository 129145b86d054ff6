"""The headline figures, with their change since the last month end and since a year ago.

The past figures are computed from this version alone: what is known today of those days. CLV and value at risk have no
change, because no version holds what was expected earlier.
"""

from dataclasses import dataclass
from decimal import Decimal

from pipelines.report.source import Source, Value


@dataclass(frozen=True)
class Headline:
    """One headline figure.

    Attributes:
        key: Its key in the texts.
        column: A name that says how its value is shown (formats).
        value: The figure; None if it is unknown.
        before: The figure at the last month end; None if it is unknown or has none.
        year_ago: The figure a year ago.
        low: The lower end of its interval.
        high: The upper end.
        page: The page with the details.
        source: The mart and column that define it.
        needs: What to connect if the value is unknown: a key of `needs` in the texts.
    """

    key: str
    column: str
    value: Value
    page: str
    source: str
    needs: str
    before: Value = None
    year_ago: Value = None
    low: Value = None
    high: Value = None


# One row per day: today, the last month end, a year ago. A day before the first purchase has no figures.
_BUYERS = """
    with days as (
        select unnest([$as_of, $month_end, $year_ago]) as day_on, unnest([1, 2, 3]) as position
    ),

    lapsed as (
        select coalesce(max(try_cast(value as integer)), 365) as days
        from rpt_setting
        where setting = 'model.loyalty.lapsed_days'
    ),

    active as (
        select position, count(distinct customer_key) as n_active
        from fct_order
        inner join days on ordered_on <= day_on and ordered_on >= day_on - (select days from lapsed)::integer
        where is_purchase and customer_key is not null
        group by all
    ),

    buyers as (
        select
            position,
            count(*) filter (where first_purchase_on <= day_on) as n_customers,
            count(*) filter (where second_purchase_on <= day_on) as n_again
        from customer_profile
        cross join days
        where first_purchase_on is not null
        group by all
    )

    select
        n_customers,
        coalesce(n_active, 0) as n_active,
        cast(n_again as decimal(18, 6)) / nullif(n_customers, 0) as repurchased_share
    from buyers
    left join active using (position)
    order by position
"""

# NPS over twelve calendar months: those until this month, until the month before, and until this month a year ago.
_NPS = """
    with ends as (
        select date_trunc('month', $as_of)::date as end_on, 1 as position
        union all
        select (date_trunc('month', $as_of) - interval 1 month)::date, 2
        union all
        select (date_trunc('month', $as_of) - interval 12 month)::date, 3
    ),

    z as (
        select coalesce(max(try_cast(value as double)), 1.959964) as z
        from rpt_setting
        where setting = 'model.surveys.nps_interval_z'
    ),

    months as (
        select month_start_on, n_answers, n_promoters, n_detractors
        from rpt_nps
        where period_kind = 'month' and survey_kind = 'all' and slice_by = 'all'
    ),

    counts as (
        select
            position,
            coalesce(sum(n_answers), 0) as n,
            (coalesce(sum(n_promoters), 0) + 0.75) / (coalesce(sum(n_answers), 0) + 3) as promoters,
            (coalesce(sum(n_detractors), 0) + 0.75) / (coalesce(sum(n_answers), 0) + 3) as detractors,
            100 * (sum(n_promoters) - sum(n_detractors))::double / nullif(sum(n_answers), 0) as nps
        from ends
        left join months on month_start_on <= end_on and month_start_on > end_on - interval 12 month
        group by all
    ),

    widths as (
        select
            *,
            100 * (promoters - detractors) as middle,
            z * 100 * sqrt((promoters + detractors - (promoters - detractors) ^ 2) / (n + 3)) as half
        from counts
        cross join z
    )

    select
        case when n >= $min_group then nps end as nps,
        case when n >= $min_group then greatest(least(middle - half, nps), -100) end as nps_low,
        case when n >= $min_group then least(greatest(middle + half, nps), 100) end as nps_high
    from widths
    order by position
"""

# The last complete month, the month before it, and the same month a year earlier.
_LOYAL = """
    with last_month as (select max(month_on) as month_on from rpt_value where is_complete),

    months as (
        select
            month_on,
            sum(purchase_amount) filter (where level = 'loyal') as loyal,
            coalesce(sum(n_customers) filter (where level = 'loyal'), 0) as n_loyal,
            sum(purchase_amount) as whole
        from rpt_value
        where is_complete
        group by all
    ),

    wanted as (
        select month_on as wanted_on, 1 as position from last_month
        union all
        select (month_on - interval 1 month)::date, 2 from last_month
        union all
        select (month_on - interval 12 month)::date, 3 from last_month
    )

    -- before anybody can have been loyal, the share is unknown; that of a small group is not shown
    select
        case
            when (select count(loyal) from months) > 0 and (n_loyal = 0 or n_loyal >= $min_group)
                then coalesce(loyal, 0) / nullif(whole, 0)
        end as purchase_share
    from wanted
    left join months on month_on = wanted_on
    order by position
"""

_CLV = (
    "select case when count(*) >= $min_group then sum(clv_12m_amount) end as clv_12m_amount from customer_clv"
    " where clv_12m_amount is not null"
)
_AT_RISK = (
    "select case when count(*) >= $min_group then sum(value_at_stake_amount) end as value_at_stake_amount"
    " from customer_actions where level = 'at_risk' and value_at_stake_amount is not null"
)


def headlines(source: Source) -> tuple[Headline, ...]:
    """The headline figures of a version, in their order."""
    found = []
    if source.has(("fct_order", "customer_profile", "rpt_setting")):
        rows = source.query(_BUYERS).rows or ((None,) * 3,) * 3
        past = [row if isinstance(row[0], int) and row[0] >= source.min_group else (None,) * 3 for row in rows[1:]]
        for position, (key, column, page, where) in enumerate(
            (
                ("customers", "n_customers", "overview", "customer_rfm.frequency"),
                ("active", "n_customers", "overview", "customer_rfm.is_active"),
                ("repurchase", "repurchased_share", "retention", "rpt_retention.repurchased_share"),
            )
        ):
            before, year_ago = (row[position] for row in past)
            found.append(Headline(key, column, rows[0][position], page, where, "orders", before, year_ago))
    if source.has(("rpt_nps", "rpt_setting")):
        today, *past = source.query(_NPS).rows
        found.append(
            Headline("nps", "nps", today[0], "voice", "rpt_nps.nps", "nps", past[0][0], past[1][0], today[1], today[2])
        )
    if source.has(("customer_clv",)):
        value = source.query(_CLV).rows[0][0]
        found.append(Headline("clv", "clv_12m_amount", value, "value", "customer_clv.clv_12m_amount", "forecast"))
    if source.has(("rpt_value",)):
        shares = [row[0] for row in source.query(_LOYAL).rows]
        found.append(
            Headline(
                "loyal_share", "purchase_share", shares[0], "value", "rpt_value.purchase_amount", "loyal", *shares[1:]
            )
        )
    if source.has(("customer_actions",)):
        value = source.query(_AT_RISK).rows[0][0]
        where = "customer_actions.value_at_stake_amount"
        has_forecast = any(item.key == "clv" and item.value is not None for item in found)
        needs = "at_risk" if has_forecast else "forecast"
        found.append(Headline("at_risk", "value_at_stake_amount", value, "risk", where, needs))
    return tuple(found)


def difference(now: Value, then: Value) -> Decimal | float | None:
    """What changed; None if one of the figures is unknown."""
    if isinstance(now, int | float) and isinstance(then, int | float):
        return float(now) - float(then)
    if isinstance(now, Decimal | int) and isinstance(then, Decimal | int):
        return Decimal(now) - Decimal(then)
    return None
