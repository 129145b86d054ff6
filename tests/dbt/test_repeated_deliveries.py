"""What a later delivery of a file changes: rows that nothing dates, keys that are gone, lists of an order's lines.

Each promise is a source of its own in one shop. The shop is built three times: after the first deliveries, after the
second, and after a content came back. The later builds extend the one before; the last is compared with a full one.
Files land through landing itself.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import yaml

from pipelines.landing import SourceFiles, land, load_mapping
from tests.dbt.test_incremental import differing_rows, staged_differently
from tests.dbt.warehouse import Warehouse

DAY = date(2024, 5, 31)

ORDERS = {"order_id": "id", "customer_ref": "who", "ordered_at": "day", "total": "total"}
DATED_ORDERS = {**ORDERS, "updated_at": "updated"}
LINES = {"order_id": "id", "customer_ref": "who", "ordered_at": "day", "quantity": "qty", "unit_price": "price"}
KEYED_LINES = {**LINES, "line_id": "line"}
RETURNS = {"order_id": "id", "returned_at": "day", "amount": "amount", "kind": "'refund'"}
CUSTOMERS = {"customer_ref": "who", "country": "country"}

OH, LH, KH = "id,who,day,total", "id,who,day,qty,price", "id,line,who,day,qty,price"


def group(entity: str, columns: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"match": "*.csv", "entities": {entity: {"columns": columns}}, **more}


def text(header: str, *rows: str) -> str:
    return "\n".join((header, *rows, ""))


FILE_ON = {"file_on": r"(\d{4}-\d{2}-\d{2})"}
JSON = {
    "match": "*.jsonl",
    "format": "jsonl",
    "entities": {
        "orders": {
            "columns": {"order_id": "id", "customer_ref": "who", "ordered_at": "day", "updated_at": "updated"},
        },
        "order_lines": {
            "each": "items",
            "columns": {"order_id": "id", "line_id": "item.no", "quantity": "item.qty", "unit_price": "item.price"},
        },
    },
}


def json_order(updated: str, items: str) -> str:
    return f'{{"id": "1", "who": "a", "day": "2024-05-01", "updated": "{updated}", "items": [{items}]}}\n'


def item(no: int, qty: int | str, price: str) -> str:
    return f'{{"no": "{no}", "qty": "{qty}", "price": "{price}"}}'


# Source: (mapping group, files by phase). A phase names the files that are in the inbox then.
SCENARIOS: dict[str, tuple[dict[str, Any], list[dict[str, str]]]] = {
    "corrected": (
        group("orders", ORDERS),
        [
            {"o.csv": text(OH, "1,a,2024-05-01,20.00", "2,b,2024-05-02,20.00")},
            {"o.csv": text(OH, "1,a,2024-05-01,25.00", "2,b,2024-05-02,25.00")},
        ],
    ),
    "back_again": (
        group("orders", ORDERS),
        [
            {"o.csv": text(OH, "1,a,2024-05-01,20.00")},
            {"o.csv": text(OH, "1,a,2024-05-01,25.00")},
            {"o.csv": text(OH, "1,a,2024-05-01,20.00")},
        ],
    ),
    "versions": (
        group("orders", DATED_ORDERS),
        [
            {"o.csv": text(OH + ",updated", "1,a,2024-05-01,20.00,2024-05-20")},
            {"o.csv": text(OH + ",updated", "1,a,2024-05-01,99.00,2024-05-10")},
        ],
    ),
    "gone": (
        group("orders", ORDERS),
        [
            {"o.csv": text(OH, "1,a,2024-05-01,20.00", "2,b,2024-05-02,30.00")},
            {"o.csv": text(OH, "1,a,2024-05-01,20.00")},
        ],
    ),
    "gone_full": (
        group("orders", ORDERS, delivery="full"),
        [
            {"o.csv": text(OH, "1,a,2024-05-01,20.00", "2,b,2024-05-02,30.00")},
            {"o.csv": text(OH, "1,a,2024-05-01,20.00")},
        ],
    ),
    "gone_append": (
        group("orders", ORDERS, delivery="append"),
        [
            {"o.csv": text(OH, "1,a,2024-05-01,20.00", "2,b,2024-05-02,30.00")},
            {"o.csv": text(OH, "1,a,2024-05-01,20.00")},
        ],
    ),
    "other_name": (
        group("orders", ORDERS),
        [
            {"a.csv": text(OH, "1,a,2024-05-01,20.00")},
            {"a.csv": text(OH, "1,a,2024-05-01,20.00"), "b.csv": text(OH, "2,b,2024-05-02,30.00")},
        ],
    ),
    "refunds_without_key": (
        group("returns", RETURNS),
        [
            {"r.csv": text("id,day,amount", "1,2024-05-03,5.00", "1,2024-05-03,5.00")},
            {"r.csv": text("id,day,amount", "1,2024-05-03,5.00", "1,2024-05-03,5.00", "2,2024-05-04,7.00")},
            {
                "r.csv": text(
                    "id,day,amount", "2,2024-05-04,7.00", "1,2024-05-03,5.00", "1,2024-05-03,5.00", "3,2024-05-04,1"
                )
            },
        ],
    ),
    "part_then_whole": (
        group("order_lines", LINES, **FILE_ON),
        [
            {"l_2024-05-01.csv": text(LH, "1,a,2024-05-01,1,10.00", "1,a,2024-05-01,1,x")},
            {"l_2024-05-01.csv": text(LH, "1,a,2024-05-01,1,10.00", "1,a,2024-05-01,1,20.00")},
        ],
    ),
    "history_every_day": (
        group("order_lines", LINES, **FILE_ON),
        [
            {"l_2024-05-01.csv": text(LH, "1,a,2024-05-01,1,10.00")},
            {
                "l_2024-05-01.csv": text(LH, "1,a,2024-05-01,1,10.00"),
                "l_2024-05-02.csv": text(LH, "1,a,2024-05-01,1,10.00", "2,b,2024-05-02,1,20.00"),
            },
        ],
    ),
    "history_reversed": (
        group("order_lines", LINES, **FILE_ON),
        [
            {"l_2024-05-02.csv": text(LH, "1,a,2024-05-01,1,10.00", "2,b,2024-05-02,1,20.00")},
            {"l_2024-05-01.csv": text(LH, "1,a,2024-05-01,1,99.00")},
        ],
    ),
    "edited_json_reversed": (
        {**JSON, **FILE_ON},
        [
            {"o_2024-05-03.jsonl": json_order("2024-05-03", item(11, 1, "10.00"))},
            {"o_2024-05-01.jsonl": json_order("2024-05-01", item(11, 2, "10.00") + "," + item(12, 1, "50.00"))},
        ],
    ),
    "history_partial": (
        group("order_lines", LINES, lines="partial", **FILE_ON),
        [
            {"l_2024-05-01.csv": text(LH, "1,a,2024-05-01,1,10.00")},
            {"l_2024-05-02.csv": text(LH, "1,a,2024-05-01,1,10.00")},
        ],
    ),
    "undated_names": (
        group("order_lines", LINES),
        [
            {"a.csv": text(LH, "1,a,2024-05-01,1,10.00")},
            {"b.csv": text(LH, "1,a,2024-05-01,1,15.00")},
        ],
    ),
    "edited_json": (
        {**JSON, **FILE_ON},
        [
            {"o_2024-05-01.jsonl": json_order("2024-05-01", item(11, 2, "10.00") + "," + item(12, 1, "50.00"))},
            {"o_2024-05-03.jsonl": json_order("2024-05-03", item(11, 1, "10.00"))},
        ],
    ),
    "emptied_json": (
        {**JSON, **FILE_ON},
        [
            {"o_2024-05-01.jsonl": json_order("2024-05-01", item(11, 2, "10.00"))},
            {"o_2024-05-03.jsonl": json_order("2024-05-03", "")},
        ],
    ),
    "rejected_json": (
        {**JSON, **FILE_ON},
        [
            {"o_2024-05-01.jsonl": json_order("2024-05-01", item(11, 2, "10.00") + "," + item(12, 1, "50.00"))},
            {"o_2024-05-03.jsonl": json_order("2024-05-03", item(11, 1, "10.00") + "," + item(12, "many", "50.00"))},
        ],
    ),
    "zero_quantity": (
        group("order_lines", KEYED_LINES, **FILE_ON),
        [
            {"l_2024-05-01.csv": text(KH, "1,1,a,2024-05-01,1,10.00", "1,2,a,2024-05-01,1,50.00")},
            {"l_2024-05-03.csv": text(KH, "1,2,a,2024-05-01,0,50.00")},
        ],
    ),
    "flat_complete": (
        group("order_lines", KEYED_LINES, lines="complete", **FILE_ON),
        [
            {"l_2024-05-01.csv": text(KH, "1,1,a,2024-05-01,1,10.00", "1,2,a,2024-05-01,1,50.00")},
            {"l_2024-05-03.csv": text(KH, "1,1,a,2024-05-01,1,10.00")},
        ],
    ),
    "flat_partial": (
        group("order_lines", KEYED_LINES, **FILE_ON),
        [
            {"l_2024-05-01.csv": text(KH, "1,1,a,2024-05-01,1,10.00", "1,2,a,2024-05-01,1,50.00")},
            {"l_2024-05-03.csv": text(KH, "1,1,a,2024-05-01,1,10.00")},
        ],
    ),
    "one_key_in_a_file": (
        group("orders", ORDERS),
        [{"o.csv": text(OH, "7,a,2024-05-01,10.00", "7,b,2024-05-02,20.00", "7,c,2024-05-03,30.00")}],
    ),
    "customers": (
        group("customers", CUSTOMERS, delivery="full"),
        [
            {"c.csv": text("who,country", "x,DE", "y,FR")},
            {"c.csv": text("who,country", "x,IT")},
        ],
    ),
    "rejected_then_right": (
        group("orders", ORDERS),
        [
            {"o.csv": text(OH, "1,a,2024-05-01,20.00", "2,a,2024-05-01,much")},
            {"o.csv": text(OH, "1,a,2024-05-01,20.00", "2,a,2024-05-01,30.00")},
        ],
    ),
    "right_then_rejected": (
        group("orders", ORDERS),
        [
            {"o.csv": text(OH, "1,a,2024-05-01,20.00")},
            {"o.csv": text(OH, "1,a,2024-05-01,much")},
        ],
    ),
}


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[[], Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The shop after all phases, extended build by build; the schemas `early_…` show 2 May."""
    warehouse = new_warehouse()
    warehouse.timezone = "UTC"
    folder = tmp_path_factory.mktemp("deliveries")
    sources = []
    for name, (files, _) in SCENARIOS.items():
        mapping = folder / f"{name}.yml"
        mapping.write_text(yaml.safe_dump({"source": name, "currency": "GBP", "files": [files]}))
        (folder / name).mkdir()
        sources.append(SourceFiles(load_mapping(mapping), folder / name))
    previous = None
    for phase in range(3):
        for name, (_, phases) in SCENARIOS.items():
            for file, content in phases[min(phase, len(phases) - 1)].items():
                (folder / name / file).write_text(content)
        land(warehouse.home, sources, today=DAY)
        warehouse.ingest(DAY)
        warehouse.build(DAY, extending=previous)
        previous = DAY
    warehouse.build(DAY, scratch="whole")
    assert differing_rows(warehouse, "whole") == {}, "a build that extends the one before equals a full one"
    warehouse.build(date(2024, 5, 2), scratch="early")
    return warehouse


def values(warehouse: Warehouse, schema: str = "marts") -> dict[str, dict[str, tuple[int, int]]]:
    """By source and order: value in cents and number of lines."""
    # rows of a query are objects to the type checker; what these are is said by the casts in the SQL
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for source, order, cents, n_lines in warehouse.rows(
        f"select source, order_id, (100 * net_amount)::bigint, n_lines from {schema}.fct_order"
    ):
        found.setdefault(str(source), {})[str(order)] = (cents, n_lines)  # type: ignore[assignment]
    return found


def issues(warehouse: Warehouse, source: str) -> dict[tuple[str, str], tuple[int, float | None]]:
    rows = warehouse.rows(
        f"select issue, entity, n_rows, amount::double from marts.rpt_data_issue where source = '{source}'"
    )
    return {(str(issue), str(entity)): (n, amount) for issue, entity, n, amount in rows}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("corrected", {"1": (2500, 0), "2": (2500, 0)}),
        ("back_again", {"1": (2000, 0)}),
        ("versions", {"1": (2000, 0)}),
        ("gone", {"1": (2000, 0), "2": (3000, 0)}),
        ("gone_full", {"1": (2000, 0)}),
        ("gone_append", {"1": (2000, 0), "2": (3000, 0)}),
        ("other_name", {"1": (2000, 0), "2": (3000, 0)}),
        ("part_then_whole", {"1": (3000, 2)}),
        ("history_every_day", {"1": (1000, 1), "2": (2000, 1)}),
        ("history_reversed", {"1": (1000, 1), "2": (2000, 1)}),
        ("edited_json_reversed", {"1": (1000, 1)}),
        ("history_partial", {"1": (2000, 2)}),
        ("undated_names", {"1": (2500, 2)}),
        ("edited_json", {"1": (1000, 1)}),
        ("zero_quantity", {"1": (1000, 1)}),
        ("flat_complete", {"1": (1000, 1)}),
        ("flat_partial", {"1": (6000, 2)}),
    ],
)
def test_what_counts_after_the_later_delivery(
    shop: Warehouse, source: str, expected: dict[str, tuple[int, int]]
) -> None:
    assert values(shop)[source] == expected


def test_an_order_whose_latest_list_is_empty_has_no_lines(shop: Warehouse) -> None:
    assert shop.rows("select n_lines, issue from marts.fct_order where source = 'emptied_json'") == [
        (0, "missing_amount")
    ]


def test_a_line_counts_until_the_day_on_which_the_list_without_it_is_known(shop: Warehouse) -> None:
    assert values(shop, "early_marts")["edited_json"] == {"1": (7000, 2)}
    assert values(shop, "early_marts")["edited_json_reversed"] == {"1": (7000, 2)}
    assert values(shop, "early_marts")["zero_quantity"] == {"1": (6000, 2)}


def test_a_rejected_line_is_not_a_removed_line(shop: Warehouse) -> None:
    lines = shop.rows("select line_id, quantity::int from staging.int_order_lines_as_of where source = 'rejected_json'")
    assert sorted(lines) == [("11", 1), ("12", 1)]


def test_rows_without_a_key_of_their_own_count_once(shop: Warehouse) -> None:
    rows = shop.rows(
        "select order_id, amount::int from staging.int_returns_as_of where source = 'refunds_without_key' order by all"
    )
    assert rows == [("1", 5), ("1", 5), ("2", 7), ("3", 1)]


def test_keys_that_are_gone_are_reported_unless_the_mapping_says_what_that_means(shop: Warehouse) -> None:
    assert issues(shop, "gone")["keys_not_delivered_again", "orders"] == (1, 30.0)
    assert "keys_not_delivered_again" not in {issue for issue, _ in issues(shop, "gone_full")}
    assert "keys_not_delivered_again" not in {issue for issue, _ in issues(shop, "gone_append")}
    assert "keys_not_delivered_again" not in {issue for issue, _ in issues(shop, "history_every_day")}


def test_lists_that_nothing_puts_in_order_are_reported(shop: Warehouse) -> None:
    assert issues(shop, "undated_names")["undated_line_lists", "orders"] == (1, None)
    assert ("undated_line_lists", "orders") not in issues(shop, "history_every_day")


def test_different_rows_with_one_key_in_one_file_are_reported(shop: Warehouse) -> None:
    n_rows, amount = issues(shop, "one_key_in_a_file")["key_conflict_in_file", "orders"]
    assert (n_rows, amount) in {(2, 30.0), (2, 40.0), (2, 50.0)}  # which one counts is decided by content
    named = "select entity, key_1, key_2, is_counted from staging.stg_key_conflict where source = 'one_key_in_a_file'"
    assert sorted(shop.rows(named)) == [("orders", "7", None, False)] * 2 + [("orders", "7", None, True)]


def test_keys_that_nothing_contradicts_are_no_conflicts(shop: Warehouse) -> None:
    conflicting = shop.rows("select sum(conflicting_rows + undated_rows)::int from staging.stg_file_reconciliation")
    assert shop.rows("select count(*) from staging.stg_key_conflict where not is_counted") == conflicting
    quiet = "source in ('corrected', 'gone_full', 'history_every_day')"
    assert shop.rows(f"select count(*) from staging.stg_key_conflict where {quiet}") == [(0,)]


def test_replaced_rows_are_superseded(shop: Warehouse) -> None:
    found = shop.rows(
        "select source, entity, sum(accepted_rows)::int, sum(superseded_rows)::int"
        " from staging.stg_file_reconciliation"
        " where source in ('corrected', 'gone_full', 'history_every_day', 'refunds_without_key')"
        " group by all order by all"
    )
    assert found == [
        ("corrected", "orders", 2, 2),
        ("gone_full", "orders", 1, 2),
        ("history_every_day", "order_lines", 2, 1),
        ("refunds_without_key", "returns", 4, 5),
    ]
    assert (
        shop.rows(
            "select * from staging.stg_file_reconciliation"
            " where landed_rows <> accepted_rows + quarantined_rows + superseded_rows"
        )
        == []
    )


def test_staging_extended_by_later_deliveries_is_staging_built_whole(shop: Warehouse) -> None:
    assert staged_differently(shop, DAY) == {}


def test_a_customer_who_is_gone_from_a_full_delivery_is_gone(shop: Warehouse) -> None:
    rows = shop.rows("select customer_ref, country from staging.int_customers_as_of where source = 'customers'")
    assert rows == [("x", "IT")]


def test_a_rejected_row_is_open_until_a_later_delivery_resolves_it_and_never_because_of_an_earlier_one(
    shop: Warehouse,
) -> None:
    found = dict(
        shop.rows(
            "select source, is_resolved from staging.stg_quarantine"
            " where source in ('rejected_then_right', 'right_then_rejected', 'part_then_whole')"
        )
    )
    assert found == {"rejected_then_right": True, "right_then_rejected": False, "part_then_whole": True}
    assert values(shop)["right_then_rejected"] == {"1": (2000, 0)}
    assert issues(shop, "right_then_rejected")["newer_version_rejected", "orders"] == (1, None)
    marked = shop.rows(
        "select source, is_outdated from marts.fct_order where source like 'right%' or source = 'corrected'"
    )
    assert sorted(set(marked)) == [("corrected", False), ("right_then_rejected", True)]
