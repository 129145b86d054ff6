"""Each version lists the past figures that it corrected, compared with the version that readers had before."""

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.base import database
from pipelines.base.errors import PublicationError
from pipelines.publication import (
    Change,
    MartTable,
    Restatement,
    Version,
    audit,
    delete_version,
    erase_customers,
    list_versions,
    n_restated,
    publish,
    read_restatement,
    set_current,
)
from pipelines.publication.restatement import RESTATEMENT
from tests.unit.publication_marts import publisher

TABLES = (
    MartTable("customer_loyalty_history", ("customer_key", "valid_from_on")),
    MartTable("dim_customer", ("customer_key",)),
    MartTable("fct_order", ("order_key",)),
    MartTable("identity_history", ("customer_key_before", "customer_key")),
    MartTable("rpt_nps", ("period_kind", "month_start_on", "survey_kind", "slice_by")),
    MartTable("rpt_setting", ("setting",)),
)
JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) - timedelta(days=1) for month in (2, 3, 4, 5))
IN_APRIL, IN_MAY = date(2026, 4, 10), date(2026, 5, 10)

Orders = dict[str, tuple[date, str, str]]  # order: day, amount, customer
ORDERS: Orders = {
    "1": (date(2026, 1, 5), "10.00", "a"),
    "2": (date(2026, 2, 5), "20.50", "b"),
    "3": (date(2026, 4, 5), "5.00", "c"),
}
LEVELS = {"a": ["new", "potential", "at_risk"], "b": ["", "new", "potential"]}  # at the ends of January to March


class Shop:
    """A home with a warehouse of marts that a test fills, and its versions.

    Attributes:
        levels: Per customer the level at the ends of January, February and so on; empty before they are known.
        orders: The orders, by key.
        months: The setting model.level.months.
        merged: Keys of customers who are part of another one.
        nps: The NPS of February.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.levels = {key: list(found) for key, found in LEVELS.items()}
        self.orders = dict(ORDERS)
        self.months = 60
        self.merged: list[str] = []
        self.nps = "10"
        self.order = "1"
        self.runs = 0

    @property
    def published(self) -> Path:
        """The folder of versions."""
        return self.folder / "published"

    def publish(self, as_of: date = IN_APRIL, versions: dict[str, str] | None = None) -> Version:
        """Publish what the shop holds."""
        warehouse = self.folder / "warehouse.duckdb"
        warehouse.unlink(missing_ok=True)
        with duckdb.connect(str(warehouse)) as connection:
            self._fill(connection, as_of)
        self.runs += 1
        return publish(
            warehouse, self.published, as_of=as_of, run_id=f"run{self.runs}", tables=TABLES, versions=versions
        )

    def _fill(self, connection: duckdb.DuckDBPyConnection, as_of: date) -> None:
        connection.execute(
            """
            create schema marts;
            create table marts.customer_loyalty_history (
                as_of_on date, customer_key text, valid_from_on date, valid_to_on date, level text, loyalty_class text,
                quadrant text, loyalty_type text, rfm_segment text
            );
            create table marts.dim_customer (customer_key text);
            create table marts.fct_order (
                order_key text, ordered_on date, net_amount decimal(18, 2), customer_key text, is_purchase boolean
            );
            create table marts.identity_history (customer_key_before text, customer_key text);
            create table marts.rpt_nps (
                period_kind text, month_start_on date, survey_kind text, slice_by text, nps decimal(9, 4)
            );
            create table marts.rpt_setting (setting text, value text)
            """
        )
        rows = [
            (as_of, key, begins, ends, level, "unknown", "unknown", "not_loyal", "new")
            for key, levels in self.levels.items()
            for begins, ends, level in periods(levels)
        ]
        for row in sorted(rows, key=str, reverse=self.order == "desc"):
            connection.execute("insert into marts.customer_loyalty_history values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        for key, (on, amount, customer) in self.orders.items():
            connection.execute("insert into marts.fct_order values (?, ?, ?, ?, true)", [key, on, amount, customer])
        for customer in {*self.levels, *(customer for *_, customer in self.orders.values())}:
            connection.execute("insert into marts.dim_customer values (?)", [customer])
        for customer in self.merged:
            connection.execute("insert into marts.identity_history values (?, 'a')", [customer])
        connection.execute(
            "insert into marts.rpt_nps values ('month', '2026-02-01', 'all', 'all', ?),"
            " ('month', '2026-02-01', 'transaction', 'all', 7), ('all', null, 'all', 'all', 5)",
            [self.nps],
        )
        connection.execute("insert into marts.rpt_setting values ('model.level.months', ?)", [str(self.months)])


def periods(levels: Sequence[str]) -> list[tuple[date, date | None, str]]:
    """The periods of the same level as customer_loyalty_history has them; the last one has no end."""
    ends = [date(2026, month + 1, 1) - timedelta(days=1) for month in range(1, len(levels) + 1)]
    found: list[tuple[date, date | None, str]] = []
    for end, level in zip(ends, levels, strict=True):
        if level and found and found[-1][2] == level:
            continue
        if found:
            found[-1] = (found[-1][0], date(end.year, end.month, 1) - timedelta(days=1), found[-1][2])
        if level:
            found.append((end, None, level))
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def restated(version: Version) -> Restatement:
    found = read_restatement(version)
    assert found is not None
    return found


def listed(version: Version) -> dict[tuple[str, date, str], tuple[object, object, int | None]]:
    """Old and new figure and the number of customers, by figure, month end and group."""
    return {
        (one.figure if not one.group_by else one.group_by, one.month_end_on, one.group): (
            one.old,
            one.new,
            one.n_customers,
        )
        for one in restated(version).changes
    }


def test_the_first_version_has_nothing_to_compare_with(shop: Shop) -> None:
    first = shop.publish()
    assert restated(first) == Restatement(version=first.id, compared_with=None)
    assert n_restated(first) == 0


def test_without_a_change_the_list_is_empty(shop: Shop) -> None:
    first = shop.publish()
    assert restated(shop.publish()) == Restatement(
        version="2026-04-10_run2",
        compared_with=first.id,
        not_compared=("fct_return", "fct_survey_answer", "rpt_level_outcome"),
    )


def test_a_late_order_corrects_the_months_and_month_ends_that_it_changes(shop: Shop) -> None:
    shop.publish()
    shop.orders["late"] = (date(2026, 1, 20), "7.25", "a")
    shop.levels["a"] = ["new", "loyal", "loyal"]
    version = shop.publish()
    assert listed(version) == {
        ("orders", JANUARY, ""): (1, 2, 1),
        ("revenue_amount", JANUARY, ""): (10, 17.25, 1),
        ("level", FEBRUARY, "potential"): (1, 0, 1),
        ("level", FEBRUARY, "loyal"): (0, 1, 1),
        ("level", MARCH, "at_risk"): (1, 0, 1),
        ("level", MARCH, "loyal"): (0, 1, 1),
    }
    assert [(one.reason, one.detail, one.n_rows) for one in restated(version).reasons] == [
        ("late_rows", ("fct_order",), 1)
    ]
    assert n_restated(version) == 6


def test_a_changed_and_a_removed_order_are_listed_in_each_of_their_months(shop: Shop) -> None:
    shop.publish()
    shop.orders["1"] = (date(2026, 2, 1), "10.00", "a")
    del shop.orders["2"]
    version = shop.publish()
    assert listed(version) == {
        ("orders", JANUARY, ""): (1, 0, 1),
        ("orders", FEBRUARY, ""): (1, 1, 2),
        ("revenue_amount", JANUARY, ""): (10, 0, 1),
        ("revenue_amount", FEBRUARY, ""): (20.5, 10, 2),
    }
    assert [one.n_rows for one in restated(version).reasons] == [2]


def test_two_customers_who_change_places_are_listed_although_the_figure_is_the_same(shop: Shop) -> None:
    shop.publish()
    shop.levels = {"a": ["new", "potential", "potential"], "b": ["", "new", "at_risk"]}
    assert listed(shop.publish()) == {
        ("level", MARCH, "potential"): (1, 1, 2),
        ("level", MARCH, "at_risk"): (1, 1, 2),
    }


def test_a_customer_who_was_not_known_is_listed_in_the_total_and_in_every_group(shop: Shop) -> None:
    shop.publish()
    shop.levels["late"] = ["", "", "new"]
    found = listed(shop.publish())
    assert found["customers", MARCH, ""] == (2, 3, 1)
    assert found["level", MARCH, "new"] == (0, 1, 1)
    assert found["loyalty_class", MARCH, "unknown"] == found["rfm_segment", MARCH, "new"] == (2, 3, 1)
    assert {month_end for _, month_end, _ in found} == {MARCH}


def test_what_happened_since_is_not_a_correction(shop: Shop) -> None:
    """April ended after the earlier version, so its month end and orders are new."""
    shop.publish()
    shop.levels = {"a": ["new", "potential", "at_risk", "churned"], "b": ["", "new", "potential", "loyal"]}
    shop.orders["4"] = (date(2026, 4, 20), "7.25", "a")
    shop.levels["d"] = ["", "", "", "new"]
    assert listed(shop.publish(IN_MAY)) == {}


def test_a_month_end_that_left_the_history_is_not_a_correction(shop: Shop) -> None:
    shop.months = 3
    shop.publish()
    shop.levels = {"a": ["", "potential", "at_risk", "churned"], "b": ["", "new", "potential", "loyal"]}
    assert listed(shop.publish(IN_MAY)) == {}


def test_the_as_of_day_counts_if_it_is_a_month_end(shop: Shop) -> None:
    shop.publish(MARCH)
    shop.levels["b"] = ["", "new", "loyal"]
    assert listed(shop.publish(IN_APRIL)) == {
        ("level", MARCH, "potential"): (1, 0, 1),
        ("level", MARCH, "loyal"): (0, 1, 1),
    }


def test_a_corrected_nps_of_a_past_month_is_listed(shop: Shop) -> None:
    shop.publish()
    shop.nps = "12.5"
    assert listed(shop.publish()) == {("nps", FEBRUARY, ""): (10, 12.5, None)}


def test_a_backfilled_day_is_compared_with_the_latest_day_before_it(shop: Shop) -> None:
    march = shop.publish(MARCH)
    shop.publish(IN_MAY)
    shop.levels["b"] = ["", "new", "loyal"]
    backfilled = shop.publish(IN_APRIL)
    assert not backfilled.is_current
    assert restated(backfilled).compared_with == march.id
    assert ("level", MARCH, "loyal") in listed(backfilled)


def test_a_backfilled_day_before_all_versions_is_compared_with_none(shop: Shop) -> None:
    shop.publish(IN_MAY)
    assert restated(shop.publish(IN_APRIL)).compared_with is None


def test_after_a_rollback_the_next_version_is_compared_with_what_readers_see(shop: Shop) -> None:
    right = shop.publish()
    shop.orders["wrong"] = (date(2026, 1, 20), "700.00", "a")
    wrong = shop.publish()
    set_current(shop.published, right.id)
    del shop.orders["wrong"]
    again = shop.publish()
    assert n_restated(wrong) == 2
    assert restated(again).compared_with == right.id
    assert restated(again).changes == ()


def test_changed_settings_program_and_merged_customers_are_named(shop: Shop) -> None:
    shop.orders["b"] = (date(2026, 1, 5), "1.00", "x")
    shop.levels["gone"] = ["", "", "new"]
    shop.publish(versions={"pipelines": "1", "duckdb": "2", "build": "3"})
    shop.levels = {"a": ["new", "loyal", "loyal"]}
    shop.orders = {key: (on, amount, "a") for key, (on, amount, _) in shop.orders.items()}
    shop.merged = ["b", "x"]
    shop.months = 36
    version = shop.publish(versions={"pipelines": "2", "duckdb": "2", "build": "4"})
    assert {(one.reason, one.detail, one.n_rows) for one in restated(version).reasons} == {
        ("settings", ("model.level.months",), None),
        ("program", ("pipelines",), None),
        ("merge", (), 2),
        ("customers_removed", (), 2),  # c, whose order is now of a, and gone
    }
    assert listed(version)["customers", MARCH, ""] == (3, 1, 2)


def test_the_file_is_part_of_the_version_and_goes_with_it(shop: Shop) -> None:
    first, second = shop.publish(), shop.publish()
    assert first.manifest and RESTATEMENT in {file.path for file in first.manifest.files}
    assert list(shop.published.rglob(RESTATEMENT)) != []
    audit(first.path)
    (first.path / RESTATEMENT).write_bytes(b"x" * (first.path / RESTATEMENT).stat().st_size)
    with pytest.raises(PublicationError, match=RESTATEMENT):
        audit(first.path)
    with pytest.raises(PublicationError, match="cannot be read"):
        read_restatement(first)
    delete_version(shop.published, first.id)
    assert [path.parent for path in shop.published.rglob(f"versions/*/{RESTATEMENT}")] == [second.path]


def test_equal_rows_give_equal_bytes_for_any_order_and_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for name, order, threads in (("one", "asc", 1), ("two", "desc", 4)):
        monkeypatch.setattr(database, "_limits", {"threads": threads})
        shop = Shop(tmp_path / name)
        shop.folder.mkdir()
        shop.order = order
        shop.publish()
        shop.levels = {"b": ["", "loyal", "new"], "a": ["new", "new", "new"], "c": ["loyal", "loyal", "new"]}
        shop.orders["late"] = (date(2026, 1, 20), "7.25", "a")
        seen.add((shop.publish().path / RESTATEMENT).read_bytes())
    (text,) = seen
    content = json.loads(text)
    assert len(content["changes"]) > 10
    assert content["changes"] == sorted(
        content["changes"], key=lambda one: (one["figure"], one["month_end_on"], one["group_by"], one["group"])
    )
    assert {one["new"] for one in content["changes"] if one["figure"] == "revenue_amount"} == {"17.25"}


def test_the_file_names_no_customer(shop: Shop) -> None:
    shop.levels = {"customer-one": ["new", "new", "new"], "customer-two": ["new", "loyal", "loyal"]}
    shop.publish()
    shop.levels = {"customer-one": ["new", "loyal", "loyal"], "customer-three": ["new", "loyal", "loyal"]}
    version = shop.publish()
    assert restated(version).changes
    assert "customer-" not in (version.path / RESTATEMENT).read_text()


def test_an_erasure_is_no_correction_of_what_is_counted_per_customer(shop: Shop) -> None:
    shop.publish()
    erase_customers(shop.published, {"b"})
    (rewritten,) = list_versions(shop.published)
    assert restated(rewritten).compared_with is None
    shop.levels.pop("b")
    shop.orders["2"] = (*shop.orders["2"][:2], "nobody")
    version = shop.publish()
    assert restated(version).compared_with == rewritten.id
    assert restated(version).changes == ()


def test_a_version_without_these_marts_is_published_and_says_what_it_could_not_compare(tmp_path: Path) -> None:
    publish_day: Callable[..., Version] = publisher(tmp_path)
    publish_day(1)
    second = restated(publish_day(2))
    assert second.changes == ()
    assert {"customer_loyalty_history", "fct_order", "rpt_nps"} <= set(second.not_compared)


def test_an_earlier_version_that_cannot_be_read_does_not_stop_a_publication(shop: Shop) -> None:
    first = shop.publish()
    part = first.path / "marts" / "fct_order" / "part-0.parquet"
    part.chmod(0o600)
    part.write_bytes(b"x" * part.stat().st_size)
    second = restated(shop.publish())
    assert second.changes == ()
    assert first.id in second.not_compared[0]


def test_a_version_of_an_earlier_program_has_no_count(shop: Shop) -> None:
    first = shop.publish()
    (first.path / RESTATEMENT).unlink()
    assert read_restatement(first) is None
    assert n_restated(first) is None


def test_figures_survive_the_file(shop: Shop) -> None:
    change = Change.model_validate(
        {"figure": "revenue_amount", "month_end_on": MARCH, "old": None, "new": "0.10", "n_customers": None}
    )
    text = Restatement(version="v", compared_with=None, changes=(change,)).to_text()
    assert '"0.10"' in text
    assert str(Restatement.model_validate_json(text).changes[0].new) == "0.10"
