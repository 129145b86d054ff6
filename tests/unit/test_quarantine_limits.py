"""How much may be in quarantine: which shares are checked, how they are reported, and which of them stop the run."""

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from pipelines.base.errors import GateError
from pipelines.config.limits import QuarantineSettings
from pipelines.quality import QuarantineRule, check_limits, list_worst, read_shares
from pipelines.quality.quarantine import Share

RULES = {"ORD-007": QuarantineRule("ORD-007", "orders", "gross", "error", "gross is not a number.", "Correct it.")}
LIMITS = QuarantineSettings(warn_share=0.1, stop_share=0.5, min_rows=10)


def share(open_rows: int, *, of: int = 100, entity: str = "orders", batch: str = "b1", name: str = "o.csv") -> Share:
    return Share("shop", entity, name, batch, of, open_rows, (("ORD-007", open_rows),))


@pytest.mark.parametrize(
    ("open_rows", "stops", "warns"), [(10, False, False), (11, False, True), (50, False, True), (51, True, False)]
)
def test_a_share_above_a_limit_warns_or_stops_and_one_on_it_does_not(open_rows: int, stops: bool, warns: bool) -> None:
    found = check_limits([share(open_rows)], LIMITS, ())
    assert (bool(found.stops), bool(found.warnings)) == (stops, warns)


def test_an_entity_without_limits_of_its_own_has_the_limits_of_all() -> None:
    own = QuarantineSettings.model_validate({**LIMITS.model_dump(), "entities": {"orders": {"stop_share": 0.9}}})
    found = check_limits([share(80), share(80, entity="returns"), share(20)], own, ())
    assert [one.entity for one in found.stops] == ["returns"]
    assert [one.open_rows for one in found.warnings] == [80, 20]


def test_few_rows_are_not_checked() -> None:
    assert check_limits([share(9, of=9)], LIMITS, ()).checked == 0
    assert check_limits([share(10, of=10)], LIMITS, ()).stops


def test_a_file_that_a_build_has_begun_with_is_not_checked_again_but_the_whole_is() -> None:
    file, whole = share(90), share(90, batch="", name="")
    assert check_limits([file], LIMITS, {"b1"}).checked == 0
    assert check_limits([file], LIMITS, {"b2"}).stops == (file,)
    assert check_limits([whole], LIMITS, {"b1"}).stops == (whole,)


def worth(open_amount: str, *, arrived: str = "1000.00", open_rows: int = 1) -> Share:
    rules = (("ORD-007", open_rows),)
    return Share("shop", "orders", "o.csv", "b1", 100, open_rows, rules, Decimal(arrived), Decimal(open_amount))


@pytest.mark.parametrize(
    ("open_amount", "stops", "warns"),
    [("20.00", False, False), ("20.01", False, True), ("300.00", False, True), ("300.01", True, False)],
)
def test_few_rows_of_much_value_warn_or_stop_by_their_value(open_amount: str, stops: bool, warns: bool) -> None:
    limits = QuarantineSettings(warn_value_share=0.02, stop_value_share=0.3)
    found = check_limits([worth(open_amount)], limits, ())
    assert (bool(found.stops), bool(found.warnings)) == (stops, warns)


def test_two_percent_of_the_rows_with_a_tenth_of_the_value_warn_by_default() -> None:
    (warning,) = check_limits([worth("97.00", open_rows=2)], QuarantineSettings(), ()).warnings
    assert warning.summary({}) == "shop orders, o.csv: 2 of 100 rows (2.0%, 9.7% of the value): ORD-007 2"


def test_rows_that_are_worth_nothing_have_no_limit_by_value() -> None:
    assert not check_limits([worth("0", arrived="0")], QuarantineSettings(), ()).warnings


def test_limits_by_value_hold_for_an_entity_and_for_enough_rows_alone() -> None:
    own = QuarantineSettings.model_validate({"entities": {"orders": {"warn_value_share": 0.2}}})
    assert not check_limits([worth("97.00")], own, ()).warnings
    assert not check_limits([worth("97.00")], QuarantineSettings(min_rows=101), ()).warnings


def test_a_limit_of_one_is_never_passed() -> None:
    never = QuarantineSettings(warn_share=1, stop_share=1, warn_value_share=1, stop_value_share=1, min_rows=1)
    assert not check_limits([share(100), worth("1000.00")], never, ()).warnings


def test_what_stops_a_run_names_the_worst_files_their_rules_and_where_to_look() -> None:
    shares = [share(60 + n, batch=f"b{n}", name=f"of {n}.csv") for n in range(8)]
    with pytest.raises(GateError) as caught:
        check_limits(shares, LIMITS, ()).check(RULES)
    assert caught.value.exit_code == 4
    lines = caught.value.message.splitlines()
    assert lines[0].endswith("files or entities above stop_share or stop_value_share: 8")
    assert lines[1].startswith("  shop orders, of 7.csv: 67 of 100 rows (67.0%): ORD-007 67; ")
    assert RULES["ORD-007"].meaning in lines[1]
    assert "3 more" in lines[-1]
    assert len(lines) == 7
    assert "loyalty quarantine show --source shop --entity orders --file 'of 7.csv'" in caught.value.hint
    assert len(caught.value.findings) == 8
    assert str(caught.value.findings[0]) == "shop orders in quarantine: ORD-007: 67"


def test_a_share_of_all_files_and_one_of_unreadable_records_are_named_as_such() -> None:
    found = list_worst([share(3, entity="unreadable", batch="", name="")], {})
    assert found == "  shop unreadable, all files: 3 of 100 records (3.0%): ORD-007 3"


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two files of orders: one with a resolved row, and one with an unreadable record."""
    with duckdb.connect() as connection:
        connection.execute("create schema staging")
        connection.execute(
            "create table staging.stg_quarantine (source text, entity text, batch text, broken_rules text,"
            " is_resolved bool)"
        )
        connection.execute(
            "create table staging.stg_quarantine_share (source text, entity text, batch text, file_name text,"
            " arrived_rows bigint, open_rows bigint, arrived_amount decimal(28, 2), open_amount decimal(28, 2))"
        )
        connection.executemany(
            "insert into staging.stg_quarantine values ('shop', ?, ?, ?, ?)",
            [
                ("orders", "b1", "ORD-002, ORD-007", False),
                ("orders", "b1", "ORD-007", False),
                ("orders", "b1", "ORD-104", True),
                ("orders", "b2", "ORD-002", False),
                ("orders", "b2", "ORD-104", False),
                ("orders", "b2", "ORD-105, ORD-106", False),
                ("unreadable", "b2", "LND-001", False),
            ],
        )
        connection.executemany(
            "insert into staging.stg_quarantine_share values ('shop', ?, ?, ?, ?, ?, ?, ?)",
            [
                ("orders", "b1", "1.csv", 20, 2, "200.50", "20.25"),
                ("orders", "b2", "2.csv", 30, 3, "300.00", "3.00"),
                ("unreadable", "b1", "1.csv", 20, 0, "0", "0"),
                ("unreadable", "b2", "2.csv", 31, 1, "0", "0"),
            ],
        )
        yield connection


def test_open_rows_are_counted_by_file_and_whole_with_the_rules_most_broken(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    whole, first, second = (Decimal("500.50"), Decimal("23.25")), (Decimal("200.50"), Decimal("20.25")), (300, 3)
    assert sorted(read_shares(warehouse), key=lambda one: (one.entity, one.batch)) == [
        Share("shop", "orders", "", "", 50, 5, (("ORD-002", 2), ("ORD-007", 2), ("ORD-104", 1)), *whole),
        Share("shop", "orders", "1.csv", "b1", 20, 2, (("ORD-007", 2), ("ORD-002", 1)), *first),
        Share(
            "shop",
            "orders",
            "2.csv",
            "b2",
            30,
            3,
            (("ORD-002", 1), ("ORD-104", 1), ("ORD-105", 1)),
            *map(Decimal, second),
        ),
        Share("shop", "unreadable", "", "", 51, 1, (("LND-001", 1),)),
        Share("shop", "unreadable", "2.csv", "b2", 31, 1, (("LND-001", 1),)),
    ]
