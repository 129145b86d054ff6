"""Numbers to text: the clock agrees with the zone's own rules, money with cents, lines with csv and json."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sample import text
from pipelines.sample.lines import json_lines, separated_lines
from pipelines.sample.process import day_number

FIRST = day_number(datetime(2023, 1, 1).date())
LAST = day_number(datetime(2025, 12, 31).date())
PRINTED = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), max_size=12)
HOSTILE = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York"])
def test_the_clock_agrees_with_the_zone_at_every_half_hour(zone: str) -> None:
    clock = text.Clock(zone, FIRST, LAST)
    utc = np.arange(FIRST * 86_400, (LAST + 1) * 86_400, 1800, dtype=np.int64)
    info = ZoneInfo(zone)
    expected = [
        int(datetime.fromtimestamp(second, UTC).astimezone(info).replace(tzinfo=UTC).timestamp())
        for second in utc.tolist()
    ]
    assert clock.local(utc).tolist() == expected


def test_local_days_go_to_utc_and_back() -> None:
    clock = text.Clock("Europe/Berlin", FIRST, LAST)
    days = np.arange(FIRST, LAST, dtype=np.int64)
    for hour in (0, 6, 12, 23):
        utc = clock.utc(days, np.full(len(days), hour * 3600))
        assert clock.local(utc).tolist() == (days * 86_400 + hour * 3600).tolist()


def test_the_hour_that_happens_twice_is_found() -> None:
    repeats = text.Clock("Europe/Berlin", FIRST, LAST).repeats
    assert [datetime.fromtimestamp(int(second), UTC).isoformat() for second in repeats] == [
        "2023-10-29T01:00:00+00:00",
        "2024-10-27T01:00:00+00:00",
        "2025-10-26T01:00:00+00:00",
    ]


@given(st.integers(-(10**12), 10**12))
def test_money_is_cents_with_a_point(cents: int) -> None:
    [written] = text.money(np.array([cents], np.int64)).to_pylist()
    assert Decimal(written) * 100 == cents
    assert written[-3] == "."


@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_csv_lines_read_back(rows: list[tuple[str, str]], separator: str) -> None:
    table = pa.table(
        {"a": pa.array([a for a, _ in rows], pa.large_string()), "b": pa.array([b for _, b in rows], pa.large_string())}
    )
    written = io.StringIO("".join(separated_lines(table, separator).to_pylist()), newline="")
    assert [tuple(row) for row in csv.reader(written, delimiter=separator, strict=True)] == rows


@given(st.lists(st.tuples(PRINTED, st.none() | PRINTED), min_size=1, max_size=8))
def test_json_lines_read_back_nested(rows: list[tuple[str, str | None]]) -> None:
    table = pa.table(
        {
            "x.a": pa.array([a for a, _ in rows], pa.large_string()),
            "b": pa.array([b for _, b in rows], pa.large_string()),
        }
    )
    lines = json_lines(table).to_pylist()
    assert [(record["x"]["a"], record["b"]) for record in map(json.loads, lines)] == rows
