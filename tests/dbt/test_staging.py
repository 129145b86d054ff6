"""Staging: strict casts, every broken rule by its code, every version kept, nothing lost, each batch read once."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from tests.dbt.warehouse import Warehouse

LANDED = date(2024, 3, 10)
AS_OF = date(2024, 3, 9)
FINE: dict[str, str | None] = {
    "order_id": "fine",
    "customer_ref": "c",
    "ordered_at": "2024-03-01 10:00:00",
    "currency": "GBP",
    "gross": "10.50",
}
# What is said wrongly, and the codes it breaks.
BROKEN: list[tuple[dict[str, str | None], str]] = [
    ({"order_id": None}, "ORD-001"),
    ({"ordered_at": None}, "ORD-101"),
    ({"ordered_at": "2017"}, "ORD-002"),
    ({"ordered_at": "2024-02-30 10:00:00"}, "ORD-002"),
    ({"ordered_at": "2024-03-01 24:00:00"}, "ORD-002"),
    ({"ordered_at": "2024-03-01T10:00:00Z"}, "ORD-002"),
    ({"ordered_at": "0024-03-01 10:00:00"}, "ORD-002"),
    ({"ordered_at": "2024-03-12 10:00:00"}, "ORD-102"),
    ({"updated_at": "2024-03-12 10:00:00"}, "ORD-103"),
    ({"gross": "0x1F"}, "ORD-007"),
    ({"gross": "1e3"}, "ORD-007"),
    ({"gross": "12."}, "ORD-007"),
    ({"gross": "1,50"}, "ORD-007"),
    ({"gross": "١٢"}, "ORD-007"),
    ({"gross": "12\n"}, "ORD-007"),
    ({"gross": "NaN"}, "ORD-007"),
    ({"gross": "99999999999999999999"}, "ORD-007"),
    ({"gross": "-1"}, "ORD-104"),
    ({"discount": "-1", "total": "-0.01"}, "ORD-105, ORD-108"),
    ({"is_test": "yes"}, "ORD-012"),
    ({"cancelled_at": "2024-02-29 10:00:00"}, "ORD-109"),
    ({"currency": "£"}, "ORD-111"),
    ({"currency": "gbp"}, "ORD-111"),
    ({"order_id": "1.38E+10"}, "ORD-001"),
    ({"order_id": "1,38e+10"}, "ORD-001"),
]


# What has more decimals than are stored: amounts keep 2, prices 4, rates 8.
ROUNDED: dict[str, dict[str, str | None]] = {
    "returns": {
        "return_id": "1",
        "order_id": "fine",
        "returned_at": "2024-03-02 10:00:00",
        "kind": "refund",
        "currency": "GBP",
        "amount": "0.005",
    },
    "payments": {
        "payment_id": "1",
        "order_id": "fine",
        "paid_at": "2024-03-02 10:00:00",
        "currency": "GBP",
        "amount": "2.67499999999999999999999999999999999999999999",
    },
    "order_lines": {
        "order_id": "fine",
        "line_id": "1",
        "quantity": "1.00005",
        "unit_price": "90.12345",
        "discount": "2.675",
        "total": "9.0000",
    },
    "fx_rates": {"day": "2024-03-01", "currency": "EUR", "rate": "0.123456785"},
    "loyalty_events": {
        "event_id": "1",
        "customer_ref": "c",
        "occurred_at": "2024-03-02 10:00:00",
        "kind": "adjust",
        "points": "-0.00005",
    },
}


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    home = new_warehouse()
    bad = [FINE | {"order_id": str(n)} | change for n, (change, _) in enumerate(BROKEN)]
    home.land({"orders": bad}, landed_on=LANDED)
    trailing = FINE | {"order_id": "zeros", "gross": "10.5000", "discount": "+1"}
    home.land({"orders": [FINE, trailing]}, landed_on=LANDED, file_on=date(2024, 3, 1))
    home.land({name: [row] for name, row in ROUNDED.items()}, landed_on=LANDED)
    case = {"opened_at": "2024-03-01 10:00:00", "kind": "question"}
    refs = ("1.38E+10", "1.38E10", "13800000000")
    home.land(
        {"cases": [case | {"case_id": str(n), "customer_ref": ref} for n, ref in enumerate(refs)]}, landed_on=LANDED
    )
    home.ingest(AS_OF)
    # later, out of order: an older version, a newer one, the same content in another file
    home.land({"orders": [FINE | {"gross": "1"}]}, landed_on=LANDED, file_on=date(2024, 2, 1))
    home.land({"orders": [FINE | {"gross": "3"}]}, landed_on=LANDED, file_on=date(2024, 3, 2))
    home.land({"orders": [FINE | {"gross": "3"}]}, landed_on=LANDED, file_on=date(2024, 3, 3))
    stray = {"interaction_id": "1", "occurred_at": "2024-03-01 10:00:00", "kind": "telegram", "duration_s": "12.0"}
    answer = {"response_id": "1", "answered_at": "2024-03-01 10:00:00", "construct": "mood"}
    answers = [
        answer | {"question_id": "1", "answer_number": "11", "scale_min": "0", "scale_max": "10", "construct": "nps"},
        answer | {"question_id": "2", "scale_min": "5"},
    ]
    home.land({"interactions": [stray], "survey_answers": answers}, landed_on=LANDED)
    home.ingest(AS_OF)
    home.ingest(AS_OF)
    return home


@pytest.mark.parametrize(("n", "codes"), [(n, codes) for n, (_, codes) in enumerate(BROKEN)])
def test_a_malformed_row_is_refused_for_its_reason(warehouse: Warehouse, n: int, codes: str) -> None:
    row = f"entity = 'orders' and line = {n + 2}"
    assert warehouse.rows(f"select broken_rules from staging.stg_quarantine where {row}") == [(codes,)]


def test_kinds_constructs_and_scales_are_checked_and_integers_are_whole(warehouse: Warehouse) -> None:
    query = "select entity, broken_rules from staging.stg_quarantine where entity <> 'orders' order by all"
    assert warehouse.rows(query) == [
        ("interactions", "INT-004, INT-104"),
        ("survey_answers", "ANS-105, ANS-106"),
        ("survey_answers", "ANS-107"),
    ]


def test_a_refused_row_keeps_its_own_words_and_place(warehouse: Warehouse) -> None:
    query = (
        "select row_key, raw like '%0x1F%', length(file_sha256), file_name like batch || '%'"
        " from staging.stg_quarantine where raw like '%0x1F%'"
    )
    assert warehouse.rows(query) == [("9", True, 64, True)]


def test_zeros_behind_the_cents_and_signs_are_read(warehouse: Warehouse) -> None:
    query = "select gross::text, discount::text from staging.stg_orders where order_id = 'zeros'"
    assert warehouse.rows(query) == [("10.50", "1.00")]


def test_further_decimals_are_rounded_half_away_from_zero_and_named(warehouse: Warehouse) -> None:
    columns = {
        "returns": ["amount"],
        "payments": ["amount"],
        "order_lines": ["quantity", "unit_price", "discount", "total"],
        "fx_rates": ["rate"],
        "loyalty_events": ["points"],
    }
    found = {
        name: warehouse.rows(
            f"select {', '.join(f'{column}::text' for column in names)}, rounded_columns"
            f" from staging.stg_{name}__checked where broken_rules = '' and {names[0]} is not null"
        )
        for name, names in columns.items()
    }
    assert found == {
        "returns": [("0.01", "amount")],
        "payments": [("2.67", "amount")],
        "order_lines": [("1.0001", "90.1235", "2.68", "9.00", "quantity, unit_price, discount")],
        "fx_rates": [("0.12345679", "rate")],
        "loyalty_events": [("-0.0001", "points")],
    }


def test_every_version_is_kept_once_however_often_staging_runs(warehouse: Warehouse) -> None:
    query = "select gross::double, effective_on from staging.stg_orders where order_id = 'fine' order by effective_on"
    assert warehouse.rows(query) == [
        (1.0, date(2024, 2, 1)),
        (10.5, date(2024, 3, 1)),
        (3.0, date(2024, 3, 2)),
        (3.0, date(2024, 3, 3)),
    ]


def test_landed_is_accepted_plus_quarantined_plus_superseded(warehouse: Warehouse) -> None:
    query = (
        "select file_on, landed_rows, accepted_rows, quarantined_rows, superseded_rows"
        " from staging.stg_file_reconciliation where entity = 'orders' order by file_on nulls first"
    )
    n = len(BROKEN)
    assert warehouse.rows(query) == [
        (None, n, 0, n, 0),
        (date(2024, 2, 1), 1, 0, 0, 1),
        (date(2024, 3, 1), 2, 1, 0, 1),
        (date(2024, 3, 2), 1, 0, 0, 1),
        (date(2024, 3, 3), 1, 1, 0, 0),
    ]


def test_refused_rows_take_no_part_in_anything(warehouse: Warehouse) -> None:
    assert warehouse.rows("select distinct order_id from staging.stg_orders order by all") == [("fine",), ("zeros",)]


def expected_rows(warehouse: Warehouse, query: str) -> int:
    """How many rows DuckDB expects a query to have before it runs."""
    plan = "\n".join(str(text) for _, text in warehouse.rows(f"explain {query}"))
    return int(re.findall(r"~([\d,]+) rows", plan)[0].replace(",", ""))


def test_duckdb_expects_at_least_half_of_the_rows_to_be_accepted(warehouse: Warehouse) -> None:
    """Otherwise it keeps the wide rows of staging in memory for a join, and not the narrow ones of the other side."""
    ((rows,),) = warehouse.rows("select count(*) from staging.stg_orders__checked")
    assert expected_rows(warehouse, "select order_id from staging.stg_orders") >= int(str(rows)) // 2
    by_rules = "select order_id from staging.stg_orders__checked where broken_rules = ''"
    is_needed = expected_rows(warehouse, by_rules) < int(str(rows)) // 4
    assert is_needed, "DuckDB's estimate for broken_rules is good now: the column is_accepted can be removed"


def test_an_id_without_its_last_digits_identifies_nobody(warehouse: Warehouse) -> None:
    query = "select customer_ref, lost_columns from staging.stg_cases__checked where broken_rules = '' order by case_id"
    assert warehouse.rows(query) == [(None, "customer_ref"), ("1.38E10", ""), ("13800000000", "")]
