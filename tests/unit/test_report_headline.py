"""The headline figures of a version with little data: an unknown figure says why, and is no zero."""

from pathlib import Path

import pytest

from pipelines.report.headline import Headline, headlines
from tests.unit.report_version import version


def figure(folder: Path, key: str, marts: dict[str, str]) -> Headline:
    with version(folder, marts) as source:
        (found,) = (item for item in headlines(source) if item.key == key)
        return found


MONTHS = "select * from (values {rows}) as months (month_on, is_complete, level, purchase_amount, n_customers)"


@pytest.mark.parametrize(
    ("rows", "share", "before"),
    [
        ("(date '2025-06-01', true, 'new', 10.0, 9)", None, None),  # nobody can have been loyal
        ("(date '2025-05-01', true, 'loyal', 5.0, 9), (date '2025-06-01', true, 'new', 10.0, 9)", 0, 1),
        ("(date '2025-06-01', true, 'loyal', 5.0, 9), (date '2025-06-01', true, 'new', 15.0, 9)", 0.25, None),
    ],
)
def test_the_share_of_loyal_customers_is_unknown_as_long_as_nobody_can_have_been_loyal(
    tmp_path: Path, rows: str, share: float | None, before: float | None
) -> None:
    found = figure(tmp_path, "loyal_share", {"rpt_value": MONTHS.format(rows=rows)})
    assert (found.value, found.before) == (share, before)
    assert found.needs == "loyal"


@pytest.mark.parametrize(
    ("n_now", "n_before", "shown"), [(5, 5, (0.25, 0.5)), (5, 4, (0.25, None)), (1, 5, (None, 0.5))]
)
def test_the_share_of_a_few_loyal_customers_is_not_shown(
    tmp_path: Path, n_now: int, n_before: int, shown: tuple[float | None, float | None]
) -> None:
    rows = f"""
        (date '2025-06-01', true, 'loyal', 5.0, {n_now}), (date '2025-06-01', true, 'new', 15.0, 9),
        (date '2025-05-01', true, 'loyal', 5.0, {n_before}), (date '2025-05-01', true, 'new', 5.0, 9)
    """
    found = figure(tmp_path, "loyal_share", {"rpt_value": MONTHS.format(rows=rows)})
    assert (found.value, found.before) == shown


@pytest.mark.parametrize(("clv", "needs"), [("1.0", "at_risk"), ("null::double", "forecast")])
def test_value_at_risk_says_that_there_is_no_forecast_only_if_there_is_none(
    tmp_path: Path, clv: str, needs: str
) -> None:
    marts = {
        "customer_clv": f"select {clv} as clv_12m_amount from range(10)",
        "customer_actions": "select 'new' as level, 1.0 as value_at_stake_amount from range(10)",
    }
    found = figure(tmp_path, "at_risk", marts)
    assert (found.value, found.needs) == (None, needs)
