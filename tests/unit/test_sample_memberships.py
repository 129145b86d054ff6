"""The paid tier and the expiry of points in the sample, from its files."""

import csv
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pipelines.sample import write_sample
from pipelines.sample.memberships import ALPHA, BETA, EXPIRY_DAYS, LATE_DAYS, PERIOD_DAYS
from pipelines.value.sbg import Renewals, fit

Event = dict[str, str]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Event]]:
    """All events of both kinds of files, by member, in time order."""
    out = tmp_path_factory.mktemp("sample")
    write_sample(out, customers=2500, days=450, seed=7, dirty=0.0)
    found: dict[str, list[Event]] = defaultdict(list)
    for path in sorted(Path(out / "inbox").glob("*_20*.csv")):
        if path.name.startswith(("memberships_", "loyalty_events_")):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    found[row["member"]].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: row["changed"])
    return found


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_period_follows_the_one_before_and_begins_a_few_days_late_at_most(events: dict[str, list[Event]]) -> None:
    n = 0
    for rows in events.values():
        paid = [row for row in rows if row.get("until")]
        assert [row["what"] for row in paid] == (["Tier"] + ["Renew"] * (len(paid) - 1) if paid else [])
        for before, row in pairwise(paid):
            late = (when(row["time"]).date() - when(before["until"]).date()).days
            assert 0 <= late <= LATE_DAYS
            assert (when(row["until"]).date() - when(before["until"]).date()).days == PERIOD_DAYS
            n += 1
    assert n > 500


def test_the_planted_parameters_of_the_paid_tier_are_found(events: dict[str, list[Event]]) -> None:
    last = datetime(2025, 6, 30)
    due: dict[int, int] = defaultdict(int)
    renewed: dict[int, int] = defaultdict(int)
    for rows in events.values():
        paid = [row for row in rows if row.get("until")]
        for period, row in enumerate(paid, start=1):
            if when(row["until"]) + timedelta(days=LATE_DAYS + 1) <= last:
                due[period] += 1
                renewed[period] += len(paid) > period
    periods = sorted(due)
    found = fit(Renewals.of(periods, [due[each] for each in periods], [renewed[each] for each in periods]))
    assert found is not None
    errors = np.sqrt(np.diag(found.covariance))
    assert abs(found.model.alpha - ALPHA) < 3 * errors[0] < 0.9
    assert abs(found.model.beta - BETA) < 3 * errors[1] < 3


def test_points_expire_after_a_year_unless_a_redemption_has_used_them(events: dict[str, list[Event]]) -> None:
    n = 0
    for rows in events.values():
        lots: list[list[int]] = []  # the oldest first: [seconds, points left]
        moves = [row for row in rows if row["points"]]
        expected: list[tuple[float, int]] = []
        ends = [
            (when(row["changed"]).timestamp() + EXPIRY_DAYS * 86_400, None) for row in moves if row["what"] == "Earn"
        ]
        timeline = sorted(
            [(when(row["changed"]).timestamp(), row) for row in moves if row["what"] != "Expire"] + ends,
            key=lambda each: (each[0], each[1] is None),
        )
        owed = 0
        for at, row in timeline:
            if row is None:
                while lots and lots[0][0] + EXPIRY_DAYS * 86_400 <= at:
                    _, left = lots.pop(0)
                    if left and at <= datetime.fromisoformat("2025-06-30T22:00:00+00:00").timestamp():
                        expected.append((at, left))
            elif row["what"] == "Earn":
                points = int(row["points"])
                used = min(owed, points)
                owed -= used
                lots.append([int(at), points - used])
            else:
                left = -int(row["points"])
                for lot in lots:
                    used = min(lot[1], left)
                    lot[1] -= used
                    left -= used
                owed += left
        found = [(when(row["changed"]).timestamp(), int(row["points"])) for row in moves if row["what"] == "Expire"]
        assert found == expected
        n += len(found)
    assert n > 20
