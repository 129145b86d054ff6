"""What to do first: sentences with figures from the marts, in the order in which a manager would act.

Each item is said only if its query finds something. Groups below the suppression limit say nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.report.source import Source, Value


@dataclass(frozen=True)
class Advice:
    """One thing to do.

    Attributes:
        key: Its key in the texts, below `advice`.
        page: The page with the details.
        marts: The marts of the query.
        sql: One row with the figures of the sentence; nothing is said without a row or if one of them is NULL.
        codes: The code set of a figure that is a code.
    """

    key: str
    page: str
    marts: tuple[str, ...]
    sql: str
    codes: Mapping[str, str]


# The issues of records that do not count. Of an older version that was rejected, another version counts.
NOT_COUNTED = "((issue like '%_rejected' and issue <> 'newer_version_rejected') or issue = 'records_unreadable')"
NOT_COUNTED_TOTALS = f"""
    select sum(n_rows) as n_rows, coalesce(sum(amount), 0) as amount
    from rpt_data_issue
    where {NOT_COUNTED}
    having count(*) > 0
"""  # noqa: S608 (texts of ours)

_ADVICE = (
    Advice(
        "settle_complaints",
        "actions",
        ("customer_actions",),
        """
        select count(*) as n_customers, coalesce(sum(value_at_stake_amount), 0) as value_at_stake_amount
        from customer_actions
        where action_reason = 'open_complaint'
        having count(*) >= $min_group
        """,
        {},
    ),
    Advice(
        "keep_at_risk",
        "risk",
        ("customer_actions",),
        """
        select
            count(*) as n_customers,
            sum(value_at_stake_amount) as value_at_stake_amount,
            count(*) filter (where contact_channel is not null) as n_reachable
        from customer_actions
        where level = 'at_risk'
        having count(*) >= $min_group
        """,
        {},
    ),
    Advice(
        "win_attitude",
        "overview",
        ("customer_loyalty",),
        """
        select count(*) as n_customers
        from customer_loyalty
        where quadrant = 'spurious_loyalty'
        having count(*) >= $min_group
        """,
        {},
    ),
    Advice(
        "repeat_campaign",
        "programme",
        ("rpt_campaigns",),
        """
        select campaign_id, 100 * lift_share as lift_points, 100 * lift_share_low as low_points,
            100 * lift_share_high as high_points
        from rpt_campaigns
        where lift_share_low > 0 and n_control_closed >= $min_group
        order by lift_share_low desc, campaign_id
        limit 1
        """,
        {},
    ),
    Advice(
        "improve_driver",
        "voice",
        ("rpt_drivers",),
        """
        select construct, mean_score, importance_share
        from rpt_drivers
        where outcome = 'nps' and status = 'ok' and driver_quadrant = 'improve_first'
            and n_responses >= $min_group
        order by n_responses desc, importance_rank, survey_id, construct
        limit 1
        """,
        {"construct": "explanation"},
    ),
    Advice(
        "ask_consent",
        "actions",
        ("customer_actions",),
        """
        select count(*) as n_customers, sum(value_at_stake_amount) as value_at_stake_amount
        from customer_actions
        where action_reason = 'no_consent'
        having count(*) >= $min_group
        """,
        {},
    ),
    Advice(
        "invite_unknown",
        "quality",
        ("customer_loyalty",),
        """
        select count(*) filter (where loyalty_class = 'unknown') as n_customers,
            count(*) filter (where loyalty_class = 'unknown') / count(*) as unknown_share
        from customer_loyalty
        where level <> 'prospect'
        having count(*) filter (where loyalty_class = 'unknown') >= greatest($min_group, 0.2 * count(*))
        """,
        {},
    ),
    Advice(
        "repair_data",
        "quality",
        ("rpt_data_issue",),
        NOT_COUNTED_TOTALS,
        {},
    ),
)


def advice(source: Source) -> tuple[tuple[Advice, dict[str, Value]], ...]:
    """What to do first in a version, with the figures of each sentence."""
    found = ((item, source.figures(item.sql)) for item in _ADVICE if source.has(item.marts))
    return tuple((item, figures) for item, figures in found if figures is not None)
