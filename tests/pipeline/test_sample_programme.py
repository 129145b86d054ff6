"""The programme of the sample against its files: points, liability, contracts, and members against other customers."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import sqrt
from pathlib import Path

import duckdb
import numpy as np
import pytest

from pipelines.sample import write_sample
from pipelines.sample.memberships import ALPHA, BETA, FEE
from pipelines.value.sbg import Renewals, fit
from tests.conftest import call
from tests.unit.sample_files import planted

pytestmark = pytest.mark.story  # a sample of its own: points expire after a year, and contracts are one in eight people
CUSTOMERS, DAYS, SEED = 1500, 450, 7
GRACE = timedelta(days=14)
Event = dict[str, str]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of more than a year that has been through the whole pipeline, in its own folder."""
    folder = tmp_path_factory.mktemp("programme")
    write_sample(folder, customers=CUSTOMERS, days=DAYS, seed=SEED)
    done = call("run", "--config", folder / "loyalty.yml")
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def warehouse(sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample / "state" / "warehouse.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def as_of(warehouse: duckdb.DuckDBPyConnection) -> date:
    ((day,),) = warehouse.execute("select distinct as_of_on from marts.rpt_programme").fetchall()
    assert isinstance(day, date)
    return day


@pytest.fixture(scope="module")
def events(sample: Path, as_of: date) -> list[Event]:
    """All good events of the files until the as-of day."""
    bad = {(row.file_name, row.line) for row in planted(sample)}
    found = []
    for path in sorted((sample / "inbox").glob("*.csv")):
        if path.name.startswith(("loyalty_events_", "memberships_")):
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                found += [row for row in rows if (path.name, rows.line_num) not in bad]
    return [row for row in found if datetime.fromisoformat(row["time"]).date() <= as_of]


def test_the_points_of_the_programme_are_those_of_the_files(
    warehouse: duckdb.DuckDBPyConnection, events: list[Event]
) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in events:
        if row["points"]:
            sums[row["what"]] += abs(Decimal(row["points"]))
    assert min(sums["Earn"], sums["Redeem"], sums["Expire"]) > 0
    balance, share, basis, outstanding, value, liability, low, high = warehouse.execute(
        """
        select points_balance, redemption_share, redemption_share_basis, points_outstanding, point_value_amount,
            liability_amount, liability_low_amount, liability_high_amount
        from marts.rpt_programme where observed_on = as_of_on
        """
    ).fetchall()[0]
    assert balance == sums["Earn"] - sums["Redeem"] - sums["Expire"]
    assert basis == "estimated"
    assert float(share) == pytest.approx(float(sums["Redeem"] / (sums["Redeem"] + sums["Expire"])), abs=1e-6)
    assert outstanding >= balance
    assert value == Decimal("0.01")
    assert float(liability) == pytest.approx(float(outstanding * value * share), abs=0.006)
    assert low < liability < high


def test_each_balance_is_the_one_before_and_what_happened_since(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        """
        select points_balance - lag(points_balance) over (order by observed_on)
            - (points_issued - points_redeemed - points_expired + points_adjusted)
        from marts.rpt_programme
        """
    ).fetchall()
    assert len(rows) > 10
    assert {row[0] for row in rows if row[0] is not None} == {0}


def test_the_members_of_each_tier_are_those_of_the_movements(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        """
        with tiers as (
            select observed_on, sum(n_members) as n_members
            from marts.rpt_programme_movement group by observed_on
        )
        select count(*), bool_and(tiers.n_members = programme.n_members)
        from marts.rpt_programme as programme inner join tiers using (observed_on)
        """
    ).fetchall()
    assert rows[0][0] > 10 and rows[0][1]
    moved = warehouse.execute(
        "select count(*) from marts.rpt_programme_movement where from_tier = 'silver' and to_tier = 'plus'"
    ).fetchall()
    assert moved[0][0] > 0


def paid_periods(events: list[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for row in sorted(events, key=lambda row: row["changed"]):
        if row.get("until"):
            found[row["member"]].append(row)
    return found


def test_the_retention_of_the_paid_tier_is_that_of_the_files_and_finds_what_was_planted(
    warehouse: duckdb.DuckDBPyConnection, events: list[Event], as_of: date
) -> None:
    due: dict[int, int] = defaultdict(int)
    renewed: dict[int, int] = defaultdict(int)
    for rows in paid_periods(events).values():
        for period, row in enumerate(rows, start=1):
            if datetime.fromisoformat(row["until"]).date() + GRACE <= as_of:
                due[period] += 1
                renewed[period] += len(rows) > period
    found = warehouse.execute(
        """
        select period_number, n_due, n_renewed, survival_share, survival_share_low, survival_share_high,
            fit_alpha, fit_beta
        from marts.rpt_contract_retention where cohort_kind = 'all' and not is_forecast order by period_number
        """
    ).fetchall()
    assert [row[:3] for row in found] == [(period, due[period], renewed[period]) for period in sorted(due)]
    periods = sorted(due)
    fitted = fit(Renewals.of(periods, [due[each] for each in periods], [renewed[each] for each in periods]))
    assert fitted is not None
    assert found[0][6:] == pytest.approx((fitted.model.alpha, fitted.model.beta), rel=1e-6)
    # 3.5 standard errors: one sample in two thousand is outside by chance
    for estimate, truth, error in zip(found[0][6:], (ALPHA, BETA), np.sqrt(np.diag(fitted.covariance)), strict=True):
        assert abs(estimate - truth) < 3.5 * error
    first = BETA / (ALPHA + BETA)
    assert abs(found[0][3] - first) < 3.5 * sqrt(first * (1 - first) / due[1])


def test_the_state_of_each_contract_and_its_remaining_value(
    warehouse: duckdb.DuckDBPyConnection, events: list[Event], as_of: date
) -> None:
    ends = [datetime.fromisoformat(rows[-1]["until"]).date() for rows in paid_periods(events).values()]
    expected = {
        "active": sum(end >= as_of for end in ends),
        "renewal_open": sum(end < as_of < end + GRACE for end in ends),
        "ended": sum(end + GRACE <= as_of for end in ends),
    }
    found = warehouse.execute("select contract_state, count(*) from marts.customer_contract group by all").fetchall()
    assert dict(found) == {state: n for state, n in expected.items() if n}
    values = warehouse.execute(
        """
        select count(*), count(remaining_value_amount), min(fee_amount), min(expected_periods),
            max(abs(remaining_value_amount - remaining_fee_amount * 0.9))
        from marts.customer_contract where contract_state <> 'ended'
        """
    ).fetchall()
    n, n_valued, fee, periods, distance = values[0]
    assert n == n_valued > 0
    assert fee == Decimal(FEE)
    assert periods > 1  # with a renewal probability of three quarters and more, further periods are expected
    assert distance <= Decimal("0.01")


def test_members_are_not_found_to_differ_because_membership_is_random_in_the_sample(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = warehouse.execute(
        """
        select n_customers, return_share, return_share_low, return_share_high
        from marts.rpt_programme_comparison where customer_group = 'difference' and purchase_days_band = 'all'
        """
    ).fetchall()
    ((n, difference, low, high),) = rows
    assert n > 100
    # a standard error is a quarter of the interval; 3.5 of them: one sample in two thousand is outside by chance
    assert abs(difference) < 3.5 * float(high - low) / 3.92


def test_the_models_suit_the_sample(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = warehouse.execute(
        "select model, scope, suitability_reason, verdict from marts.rpt_model_suitability where verdict = 'refuse'"
    ).fetchall()
    assert rows == []
    scopes = warehouse.execute("select distinct model, scope from marts.rpt_model_suitability order by all").fetchall()
    assert scopes == [("contract_model", "paid_tier_1m"), ("purchase_model", "all"), ("spend_model", "all")]
