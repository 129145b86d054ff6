"""`latest` is the last day on which customers did something, or on which that was soon corrected; never a day ahead."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import BuildError
from pipelines.runs.latest_day import LaterCorrections, later_corrections, latest_day

TODAY = date(2024, 7, 1)
FIRST, LAST_EVENT = date(2024, 1, 1), date(2024, 5, 1)
ACTIVITIES = {
    "orders",
    "order_lines",
    "payments",
    "returns",
    "interactions",
    "cases",
    "campaign_touches",
    "loyalty_events",
    "referrals",
    "survey_invitations",
    "survey_answers",
}


class Staging:
    """The staged versions of every entity, as far as a day depends on them."""

    def __init__(self, warehouse: Path) -> None:
        self.warehouse = warehouse
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("create schema staging")
            for entity in ENTITIES.values():
                keys = "".join(f"{column} varchar, " for column in entity.key if column != "day")
                day = "day date, " if "day" in entity.key else ""
                connection.execute(
                    f"create table staging.stg_{entity.name} (source varchar, {keys}{day}updated_at timestamp,"
                    " event_on date, effective_at timestamp, effective_on date, batch varchar)"
                )
            connection.execute("create table staging.stg_batch (batch varchar, entity varchar, n_later bigint)")
            connection.execute(
                "create table staging.stg_redelivered_row (entity varchar, source varchar, outcome varchar,"
                " event_on date, is_last boolean, is_accepted boolean)"
            )

    def add(
        self,
        entity: str,
        key: str,
        event_on: date | None,
        updated_on: date | None = None,
        source: str = "shop",
        batch: str = "b1",
    ) -> None:
        """One version; it became known when it was changed, else when it happened."""
        keys = [column for column in ENTITIES[entity].key if column != "day"]
        row = {
            "source": source,
            **dict.fromkeys(keys, key),
            "updated_at": updated_on,
            "event_on": event_on,
            "effective_at": updated_on or event_on,
            "effective_on": updated_on or event_on,
            "batch": batch,
        }
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(
                f"insert into staging.stg_{entity} ({', '.join(row)}) values ({', '.join('?' for _ in row)})",
                list(row.values()),
            )

    def latest(self, correction_days: int = 7) -> date:
        return latest_day(self.warehouse, TODAY, correction_days).day


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    yield Staging(tmp_path / "warehouse.duckdb")


def day_of_may(n: int) -> date:
    return date(2024, 5, n)


@pytest.mark.parametrize("entity", sorted(ACTIVITIES))
def test_an_event_of_a_customer_moves_latest_alone(staging: Staging, entity: str) -> None:
    staging.add(entity, "1", LAST_EVENT)
    found = latest_day(staging.warehouse, TODAY, 7)
    assert (found.day, found.entity, found.source, found.is_correction) == (LAST_EVENT, entity, "shop", False)
    assert str(found) == f"2024-05-01 is the latest day: the last event is in {entity} of shop"


@pytest.mark.parametrize("entity", sorted(ENTITIES.keys() - ACTIVITIES))
def test_reference_data_does_not_move_latest(staging: Staging, entity: str) -> None:
    staging.add(entity, "1", LAST_EVENT, day_of_may(2))
    with pytest.raises(BuildError, match="2024-07-01"):
        staging.latest()
    staging.add("orders", "1", FIRST)
    assert staging.latest() == FIRST


def test_what_lies_after_today_does_not_count(staging: Staging) -> None:
    staging.add("orders", "1", LAST_EVENT)
    staging.add("orders", "2", date(2024, 7, 2))
    staging.add("returns", "1", date(2024, 6, 30), date(2024, 7, 2))
    staging.add("cases", "1", date(2024, 7, 2), date(2024, 7, 1))
    assert staging.latest() == date(2024, 6, 30)


@pytest.mark.parametrize(("correction_days", "latest"), [(7, 8), (6, 7), (1, 1), (0, 1)])
def test_a_correction_moves_latest_for_so_many_days_after_the_last_event(
    staging: Staging, correction_days: int, latest: int
) -> None:
    staging.add("orders", "1", LAST_EVENT)
    for changed in (7, 8, 9):
        staging.add("orders", "1", LAST_EVENT, day_of_may(changed))
    assert staging.latest(correction_days) == day_of_may(latest)


def test_a_correction_of_a_row_without_a_day_of_its_own_counts(staging: Staging) -> None:
    staging.add("orders", "1", LAST_EVENT)
    staging.add("order_lines", "1", None, day_of_may(3), source="till")
    found = latest_day(staging.warehouse, TODAY, 7)
    assert str(found) == (
        "2024-05-03 is the latest day: the last correction is in order_lines of till (the last event was on 2024-05-01)"
    )


def test_an_event_is_named_before_a_correction_of_the_same_day(staging: Staging) -> None:
    staging.add("orders", "1", FIRST, LAST_EVENT)
    staging.add("survey_answers", "1", LAST_EVENT)
    found = latest_day(staging.warehouse, TODAY, 7)
    assert (found.entity, found.is_correction, found.last_event_on) == ("survey_answers", False, LAST_EVENT)


def test_corrections_after_latest_are_counted_with_the_day_to_ask_for(staging: Staging) -> None:
    staging.add("orders", "1", LAST_EVENT)
    for changed in (20, 25):
        staging.add("orders", "1", LAST_EVENT, day_of_may(changed))
    staging.add("returns", "1", LAST_EVENT, day_of_may(2))
    staging.add("returns", "1", LAST_EVENT, date(2024, 6, 1))
    staging.add("returns", "1", LAST_EVENT, date(2024, 7, 2))
    assert staging.latest() == day_of_may(2)
    assert later_corrections(staging.warehouse, day_of_may(2), TODAY) == LaterCorrections(
        day_of_may(20), date(2024, 6, 1), 3, "orders, returns"
    )


def test_a_first_version_is_no_correction_however_late_it_became_known(staging: Staging) -> None:
    staging.add("orders", "1", LAST_EVENT, day_of_may(20))
    staging.add("orders", "1", LAST_EVENT, day_of_may(20), source="till")
    assert later_corrections(staging.warehouse, LAST_EVENT, TODAY) is None
    # of two that came later the earliest is used, and the other is a correction
    staging.add("orders", "1", LAST_EVENT, day_of_may(21))
    found = later_corrections(staging.warehouse, LAST_EVENT, TODAY)
    assert found == LaterCorrections(day_of_may(21), day_of_may(21), 1, "orders")


def test_a_version_without_any_day_is_an_earlier_one(staging: Staging) -> None:
    staging.add("order_lines", "1", None)
    staging.add("order_lines", "1", None, day_of_may(20))
    found = later_corrections(staging.warehouse, LAST_EVENT, TODAY)
    assert found == LaterCorrections(day_of_may(20), day_of_may(20), 1, "order_lines")


def test_where_nothing_is_staged_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="nothing is staged yet"):
        latest_day(tmp_path / "warehouse.duckdb", TODAY, 7)
    duckdb.connect(str(tmp_path / "warehouse.duckdb")).close()
    with pytest.raises(BuildError, match="events are not staged yet"):
        latest_day(tmp_path / "warehouse.duckdb", TODAY, 7)


def test_what_a_later_delivery_has_replaced_does_not_move_latest(staging: Staging) -> None:
    staging.add("orders", "typo", date(2024, 6, 1), batch="replaced")
    staging.add("orders", "typo", LAST_EVENT)
    with duckdb.connect(str(staging.warehouse)) as connection:
        connection.execute("insert into staging.stg_batch values ('replaced', 'orders', 1), ('b1', 'orders', 0)")
    assert staging.latest() == LAST_EVENT
    with duckdb.connect(str(staging.warehouse)) as connection:
        # a key that the later delivery does not have still counts
        connection.execute(
            "insert into staging.stg_redelivered_row values ('orders', 'shop', 'kept', date '2024-05-20', true, true)"
        )
    assert staging.latest() == date(2024, 5, 20)


def test_a_wrong_day_that_a_later_version_moved_back_does_not_stay_the_latest(staging: Staging) -> None:
    staging.add("orders", "other", FIRST)
    staging.add("orders", "typo", date(2024, 6, 5), day_of_may(6))
    assert staging.latest() == date(2024, 6, 5)
    staging.add("orders", "typo", day_of_may(6), day_of_may(7), source="till")
    assert staging.latest() == date(2024, 6, 5), "another source has another row of that key"
    staging.add("orders", "typo", day_of_may(6), date(2024, 7, 2))
    assert staging.latest() == date(2024, 6, 5), "known after today"
    staging.add("orders", "typo", day_of_may(6), day_of_may(7))
    found = latest_day(staging.warehouse, TODAY, 7)
    assert (found.day, found.is_correction, found.last_event_on) == (day_of_may(7), True, day_of_may(6))


@pytest.mark.parametrize("days", [1, 30, 31, 32, 366, 400, 9000])
def test_the_last_event_is_found_even_if_a_moved_one_was_much_later(staging: Staging, days: int) -> None:
    wrong = date(2024, 6, 1)
    last = wrong - timedelta(days)
    staging.add("orders", "typo", wrong, last - timedelta(2))
    staging.add("orders", "typo", last - timedelta(3), last - timedelta(1))
    staging.add("returns", "1", last)
    with duckdb.connect(str(staging.warehouse)) as connection:
        row = ("cases", "shop", "kept", last - timedelta(10), True, True)
        connection.execute("insert into staging.stg_redelivered_row values (?, ?, ?, ?, ?, ?)", row)
    found = latest_day(staging.warehouse, TODAY, 7)
    assert (found.day, found.entity, found.last_event_on) == (last, "returns", last)


@pytest.mark.parametrize("first", [date(1, 1, 1), date(1, 12, 1), date(1900, 1, 1)])
def test_the_only_event_may_be_of_any_day(staging: Staging, first: date) -> None:
    staging.add("orders", "1", first)
    assert staging.latest() == first


def test_an_event_that_a_later_version_moved_on_is_of_its_new_day(staging: Staging) -> None:
    staging.add("orders", "1", day_of_may(1), day_of_may(1))
    staging.add("orders", "1", day_of_may(3), day_of_may(2))
    assert staging.latest() == day_of_may(3)
