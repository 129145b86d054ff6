"""The report keeps campaigns and surveys of two sources apart, and also shows campaigns without success."""

from pathlib import Path

from pipelines.report.pages.programme import CAMPAIGNS, LIFT
from pipelines.report.pages.voice import DRIVERS
from tests.unit.report_version import version

_NULL = ", ".join(f"null as {name}" for name in ("importance_share_low", "importance_share_high", "driver_quadrant"))


def drivers(rows: list[tuple[str, str, float, int, int]]) -> str:
    """The mart rpt_drivers; only what the block reads."""
    values = ", ".join(str(row) for row in rows)
    return f"""
        select *, 'nps' as outcome, 'ok' as status, 'unknown' as survey_id, 60.0 as mean_score, {_NULL}
        from (values {values}) as drivers (source, construct, importance_share, importance_rank, n_responses)
    """


def campaigns(rows: list[tuple[str, str, float, str]]) -> str:
    """The mart rpt_campaigns; only what the two blocks read."""
    values = ", ".join(str(row) for row in rows)
    return f"""
        select *, 'discount' as campaign_kind, 50 as n_control_closed, 50 as n_treated_closed, 50 as n_treated,
            0.5 as treated_share, 0.5 as control_share, -0.2 as lift_share_low, 0.2 as lift_share_high,
            1.00 as cost_amount, null as cost_per_retained_amount, touched_on as first_touched_on,
            touched_on::date as last_touched_on, 0 as n_opened, 0 as n_clicked, 0 as n_redeemed,
            0.0 as redeemed_share
        from (values {values}) as campaigns (source, campaign_id, lift_share, touched_on)
    """


def test_drivers_are_those_of_one_survey_if_two_sources_state_no_survey(tmp_path: Path) -> None:
    rows = [
        ("crm", "csat", 0.9, 1, 120),
        ("crm", "trust", 0.1, 2, 120),
        ("shop", "csat", 0.4, 2, 300),
        ("shop", "trust", 0.6, 1, 300),
    ]
    with version(tmp_path, {"rpt_drivers": drivers(rows)}) as source:
        found = source.results((DRIVERS,))["drivers"]
    assert [(construct, float(share)) for construct, share, *_ in found.rows] == [("trust", 0.6), ("csat", 0.4)]


def test_campaigns_of_two_sources_with_one_id_are_named_with_their_source(tmp_path: Path) -> None:
    rows = [
        ("crm", "SPRING", 0.05, "2025-05-01"),
        ("shop", "SPRING", -0.03, "2025-05-01"),
        ("shop", "COMEBACK", 0.01, "2025-06-01"),
    ]
    with version(tmp_path, {"rpt_campaigns": campaigns(rows)}) as source:
        found = source.results((LIFT, CAMPAIGNS))
    names = ["SPRING (crm)", "COMEBACK", "SPRING (shop)"]
    assert list(found["lift"].column("campaign_id")) == names
    assert sorted(found["campaigns"].column("campaign_id")) == sorted(names)


def test_the_latest_campaigns_are_shown_not_the_best_ones(tmp_path: Path) -> None:
    rows = [("shop", f"W{week:02}", -week / 100, f"2025-05-{week:02}") for week in range(1, 26)]
    with version(tmp_path, {"rpt_campaigns": campaigns(rows)}) as source:
        found = source.results((LIFT,))["lift"]
    assert list(found.column("campaign_id")) == [f"W{week:02}" for week in range(6, 26)]
