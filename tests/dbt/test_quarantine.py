"""The quarantine explains itself: where a refused row stands, all that it breaks, whether it was mended since."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.dbt.landed import Row
from tests.dbt.warehouse import Warehouse

LANDED = date(2024, 3, 10)
EARLIER, LATER = date(2024, 3, 1), date(2024, 3, 2)


def order(key: str | None, *, gross: str = "10.00", updated_at: str | None = None) -> dict[str, str | None]:
    return {"order_id": key, "ordered_at": "2024-02-01 10:00:00", "gross": gross, "updated_at": updated_at}


def bad(key: str | None, updated_at: str | None = None) -> dict[str, str | None]:
    return order(key, gross="ten", updated_at=updated_at)


# name of the key: the file that refuses it, the file that accepts it, whether the one resolves the other
CASES: dict[str, tuple[dict[str, str | None], date | None, dict[str, str | None], date | None, bool]] = {
    "file-later": (bad("file-later"), EARLIER, order("file-later"), LATER, True),
    "file-earlier": (bad("file-earlier"), LATER, order("file-earlier"), EARLIER, False),
    "file-delivered-again": (bad("file-delivered-again"), EARLIER, order("file-delivered-again"), EARLIER, True),
    "no-dates": (bad("no-dates"), None, order("no-dates"), None, True),
    "one-file-dated": (bad("one-file-dated"), LATER, order("one-file-dated"), None, True),
    "updated-later": (
        bad("updated-later", "2024-02-02 00:00:00"),
        LATER,
        order("updated-later", updated_at="2024-02-03 00:00:00"),
        EARLIER,
        True,
    ),
    "updated-earlier": (
        bad("updated-earlier", "2024-02-03 00:00:00"),
        EARLIER,
        order("updated-earlier", updated_at="2024-02-02 00:00:00"),
        LATER,
        False,
    ),
    "update-not-said": (
        bad("update-not-said", "2024-02-03 00:00:00"),
        EARLIER,
        order("update-not-said"),
        LATER,
        True,
    ),
    "update-malformed": (
        order("update-malformed", updated_at="yesterday"),
        EARLIER,
        order("update-malformed", updated_at="2024-02-02 00:00:00"),
        EARLIER,
        True,
    ),
    "update-in-the-future": (
        order("update-in-the-future", updated_at="2099-01-01 00:00:00"),
        EARLIER,
        order("update-in-the-future", updated_at="2024-02-02 00:00:00"),
        EARLIER,
        True,
    ),
}


def land_cases(home: Warehouse, *, corrections: bool) -> None:
    """The refused rows of every case, or the accepted ones; a file for each."""
    for refused, refused_on, accepted, accepted_on, _ in CASES.values():
        row, file_on = (accepted, accepted_on) if corrections else (refused, refused_on)
        home.land({"orders": [row]}, landed_on=LANDED, file_on=file_on)


def resolved(home: Warehouse) -> dict[object, object]:
    rows = home.rows(
        "select row_key, bool_or(is_resolved) from staging.stg_quarantine where source = 'shop' group by 1"
    )
    return dict(rows)


def in_one_file(home: Warehouse) -> None:
    """What one file says of a key, and keys that can never be met again."""
    same: list[Row] = [
        bad("twice"),
        order("twice"),
        bad("twice-dated", "2024-02-02 00:00:00"),
        order("twice-dated", updated_at="2024-02-03 00:00:00"),
        bad(None),
        bad("a|b"),
    ]
    home.land({"orders": same}, landed_on=LANDED, file_on=EARLIER)
    # another source's key, a key that only looks the same when joined, a key that no day can be read from
    home.land({"orders": [order("a|b")]}, landed_on=LANDED, file_on=LATER, source="till")
    line: dict[str, str | None] = {"quantity": "1", "unit_price": "1"}
    home.land({"order_lines": [line | {"order_id": "a|b", "line_id": "c", "quantity": "none"}]}, landed_on=LANDED)
    home.land({"order_lines": [line | {"order_id": "a", "line_id": "b|c"}]}, landed_on=LANDED)
    rate: dict[str, str | None] = {"currency": "USD", "rate": "0.9"}
    home.land({"fx_rates": [rate | {"day": "2024-02-30"}, rate | {"day": "2024-02-01", "rate": "0"}]}, landed_on=LANDED)
    home.land({"fx_rates": [rate | {"day": "2024-02-01"}, rate | {"day": None}]}, landed_on=LANDED)
    equal: list[Row] = [bad("equal"), bad("equal"), order("equal-not")]
    home.land({"orders": equal}, landed_on=LANDED, file_on=EARLIER)
    home.land({"orders": [order("equal")]}, landed_on=LANDED, file_on=LATER)
    many = order("many", gross="-1", updated_at="2099-01-01 00:00:00") | {"discount": "none"}
    home.land({"orders": [order("many-not"), many]}, landed_on=LANDED, file_on=LATER)


@pytest.fixture(scope="module")
def refused_first(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    home = new_warehouse()
    land_cases(home, corrections=False)
    in_one_file(home)
    home.ingest(LANDED)
    assert not any(resolved(home)[key] for key in CASES)
    land_cases(home, corrections=True)
    home.ingest(LANDED)
    return home


@pytest.mark.parametrize("case", CASES)
def test_a_row_is_resolved_by_an_accepted_one_that_nothing_shows_to_be_older(
    refused_first: Warehouse, case: str
) -> None:
    assert resolved(refused_first)[case] is CASES[case][-1]


def test_in_which_order_files_arrive_does_not_matter(
    refused_first: Warehouse, new_warehouse: Callable[[], Warehouse]
) -> None:
    corrected_first = new_warehouse()
    land_cases(corrected_first, corrections=True)
    corrected_first.ingest(LANDED)
    in_one_file(corrected_first)
    land_cases(corrected_first, corrections=False)
    corrected_first.ingest(LANDED)
    assert resolved(corrected_first) == resolved(refused_first)


def test_a_good_row_of_the_same_file_mends_a_bad_one_only_if_it_was_said_later(refused_first: Warehouse) -> None:
    found = resolved(refused_first)
    assert (found["twice"], found["twice-dated"]) == (False, True)


def test_a_key_that_is_missing_or_cannot_be_read_is_never_resolved(refused_first: Warehouse) -> None:
    found = resolved(refused_first)
    assert found[None] is False
    assert (found["2024-02-30|USD"], found["2024-02-01|USD"]) == (False, True)


def test_keys_are_compared_part_by_part_and_within_a_source(refused_first: Warehouse) -> None:
    found = resolved(refused_first)
    assert (found["a|b"], found["a|b|c"]) == (False, False)


def test_a_refused_row_says_where_it_stands_and_all_that_it_breaks(refused_first: Warehouse) -> None:
    found = refused_first.rows(
        "select source, entity, broken_rules, file_name = batch || '.csv', length(file_sha256), file_on, line, raw"
        " from staging.stg_quarantine where row_key = 'many'"
    )
    ((*place, raw),) = found
    assert place == ["shop", "orders", "ORD-008, ORD-103, ORD-104", True, 64, LATER, 3]
    assert '"order_id": "many"' in str(raw)


def test_the_share_of_a_file_counts_what_is_open_against_what_arrived(refused_first: Warehouse) -> None:
    query = (
        "select arrived_rows, quarantined_rows, open_rows from staging.stg_quarantine_share"
        " where entity = '{}' and batch in (select batch from staging.stg_quarantine where row_key = '{}') order by all"
    )
    assert refused_first.rows(query.format("orders", "twice-dated")) == [(6, 4, 3)]
    assert refused_first.rows(query.format("fx_rates", "2024-02-30|USD")) == [(2, 2, 1)]
    assert refused_first.rows(query.format("unreadable", "twice-dated")) == [(6, 0, 0)]


def test_refused_rows_of_equal_content_are_counted_each(refused_first: Warehouse) -> None:
    query = "select is_resolved, count(*) from staging.stg_quarantine where row_key = 'equal' group by 1"
    assert refused_first.rows(query) == [(True, 2)]
