"""Records that their source deleted: they do not count from then on, until a newer version restores them.

The shop is built as of EARLY, extended to LATE with what landed in between, and compared with a full build of LATE.
That the order of arrival makes no difference is in test_order_of_arrival.py, long histories are in test_incremental.py,
and the rule for each version of a key is in the unit tests of the models.
"""

from collections.abc import Callable
from datetime import date

import duckdb
import pytest

from pipelines.config.settings import project_root
from pipelines.quality import load_totals, run_totals
from tests.dbt.test_incremental import difference
from tests.dbt.warehouse import Warehouse, pseudonym

EARLY, LATE, LANDED = date(2024, 3, 10), date(2024, 3, 20), date(2024, 3, 21)
PLACED, DELETED = "2024-03-05 10:00:00", "2024-03-15 10:00:00"

Row = dict[str, str | None]


def order(order_id: str, customer: str = "c", updated: str | None = PLACED) -> Row:
    return {"order_id": order_id, "customer_ref": customer, "ordered_at": PLACED, "gross": "10", "updated_at": updated}


def line(order_id: str, line_id: str, **more: str) -> Row:
    return {"order_id": order_id, "line_id": line_id, "quantity": "1", "unit_price": "5", **more}


def deletion(entity: str, record_id: str, at: str = DELETED) -> Row:
    return {"entity": entity, "record_id": record_id, "deleted_at": at}


FIRST: dict[str, list[Row]] = {
    "orders": [order(name) for name in ("kept", "deleted", "restored", "returned")] + [order("of_c2", "c2")],
    "order_lines": [
        line("deleted", "1"),
        line("deleted", "2"),
        line("restored", "1"),
        # orders without a header; one has a line that cannot be read
        line("of_lines", "1", ordered_at=PLACED, customer_ref="c"),
        line("rejected", "1", ordered_at=PLACED, unit_price="abc"),
    ],
    "payments": [{"payment_id": "p", "order_id": "deleted", "amount": "10", "paid_at": PLACED}],
    "returns": [
        {"return_id": "of_deleted", "order_id": "deleted", "returned_at": PLACED, "amount": "4", "customer_ref": "c"},
        {"return_id": "deleted", "order_id": "returned", "returned_at": PLACED, "amount": "4"},
    ],
    "cases": [{"case_id": case_id, "opened_at": PLACED, "updated_at": PLACED} for case_id in ("kept", "deleted")],
    "survey_answers": [
        {"response_id": "deleted", "question_id": question, "answered_at": PLACED, "construct": "nps"}
        | {"answer_number": "9", "scale_min": "0", "scale_max": "10"}
        for question in ("1", "2")
    ],
    "customers": [{"customer_ref": "c2", "email": "c@example.org", "country": "FR", "updated_at": PLACED}],
    "deletions": [
        deletion("orders", "restored", "2024-03-08 10:00:00"),
        deletion("orders", "arrives_later", "2024-03-08 10:00:00"),
    ],
}
# by the rule that the row breaks; the sample deletes nothing
BAD: dict[str, Row] = {
    "DEL-001": {"entity": "orders", "record_id": None, "deleted_at": DELETED},
    "DEL-002": deletion("orders", "kept", "2024-13-01 10:00:00"),
    "DEL-003": {**deletion("orders", "kept"), "updated_at": "yesterday"},
    "DEL-101": deletion("order_lines", "kept"),
    "DEL-102": {"entity": "orders", "record_id": "kept", "deleted_at": None},
    "DEL-103": deletion("orders", "kept", "2031-01-01 10:00:00"),
    "DEL-104": {**deletion("orders", "kept"), "updated_at": "2031-01-01 10:00:00"},
}
SECOND: dict[str, list[Row]] = {
    "orders": [order("restored", updated="2024-03-12 10:00:00"), order("arrives_later")],
    "deletions": [
        *(deletion("orders", record) for record in ("deleted", "of_lines", "rejected", "never_delivered")),
        *(deletion(entity, "deleted") for entity in ("returns", "cases", "survey_answers")),
        deletion("customers", "c2"),
        *BAD.values(),
    ],
}


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    home = new_warehouse()
    home.models = (
        *("fct_order", "fct_order_line", "fct_return", "dim_customer", "rpt_data_issue"),
        *("int_cases_as_of", "int_survey_answers_as_of", "int_customers_as_of"),
    )
    home.land({"customers": [{"customer_ref": "c", "email": "c@example.org"}]}, landed_on=LANDED, source="crm")
    home.land(FIRST, landed_on=LANDED)
    home.ingest(EARLY)
    home.build(EARLY)
    with duckdb.connect(str(home.home / "warehouse.duckdb")) as connection:
        for table in ("marts.fct_order", "marts.fct_return", "marts.dim_customer"):
            connection.execute(f"create schema if not exists early; create table early.{table[6:]} as from {table}")
    home.land(SECOND, landed_on=LANDED)
    home.ingest(LATE)
    home.build(LATE, extending=EARLY)
    home.build(LATE, scratch="whole")
    return home


def keys(warehouse: Warehouse, table: str, key: str = "order_id") -> set[object]:
    return {value for (value,) in warehouse.rows(f"select {key} from {table}")}


def test_a_deleted_order_does_not_count_from_the_day_of_its_deletion(warehouse: Warehouse) -> None:
    always = {"kept", "returned", "of_c2"}
    assert keys(warehouse, "early.fct_order") == always | {"deleted", "of_lines", "rejected"}
    assert keys(warehouse, "marts.fct_order") == always | {"restored"}


def test_its_lines_and_payments_go_with_it_and_are_restored_with_it(warehouse: Warehouse) -> None:
    assert keys(warehouse, "marts.fct_order_line") == {"restored"}
    assert warehouse.rows("select n_lines from marts.fct_order where order_id = 'restored'") == [(1,)]
    assert keys(warehouse, "intermediate.int_rejected_row", "key_1") == set()


def test_a_return_of_a_deleted_order_subtracts_nothing(warehouse: Warehouse) -> None:
    query = "select return_id, return_amount::int, issue from {}.fct_return order by 1"
    assert warehouse.rows(query.format("early")) == [("deleted", 4, None), ("of_deleted", 4, None)]
    assert warehouse.rows(query.format("marts")) == [("of_deleted", 0, "order_not_counted")]


def test_other_records_are_deleted_by_the_first_column_of_their_key(warehouse: Warehouse) -> None:
    assert keys(warehouse, "staging.int_cases_as_of", "case_id") == {"kept"}
    assert keys(warehouse, "staging.int_survey_answers_as_of", "response_id") == set()


def test_a_deleted_customer_record_loses_its_attributes_and_links_and_keeps_its_orders(warehouse: Warehouse) -> None:
    crm, shop = pseudonym("crm", "c"), pseudonym("shop", "c2")
    of_c2 = "select customer_key from {}.fct_order where order_id = 'of_c2'"
    assert warehouse.rows(of_c2.format("early")) == [(crm,)], "one e-mail, one customer"
    assert warehouse.rows(of_c2.format("marts")) == [(shop,)]
    country = "select customer_key, country from {}.dim_customer where country is not null"
    assert warehouse.rows(country.format("early")) == [(crm, "FR")]
    assert warehouse.rows(country.format("marts")) == []


def test_deletions_are_counted_and_so_are_those_that_name_no_record(warehouse: Warehouse) -> None:
    found = warehouse.rows(
        "select issue, entity, n_rows from marts.rpt_data_issue where source = 'shop' and issue like '%delet%'"
    )
    assert set(found) == {
        ("records_deleted", "orders", 3),  # deleted, of_lines, arrives_later
        ("records_deleted", "returns", 1),
        ("records_deleted", "cases", 1),
        ("records_deleted", "survey_answers", 1),
        ("records_deleted", "customers", 1),
        ("deletion_unknown", "orders", 2),  # never_delivered, rejected
    }


def test_a_build_that_extends_gives_what_a_full_build_gives(warehouse: Warehouse) -> None:
    for table in ("int_order", "int_order_line", "int_return", "int_rejected_row", "int_customer"):
        assert difference(warehouse, f"intermediate.{table}", f"whole_intermediate.{table}") == [], table


def test_the_totals_across_stages_add_up(warehouse: Warehouse) -> None:
    totals = [one for one in load_totals(project_root() / "expectations") if one.name in ("orders", "order_lines")]
    with duckdb.connect(str(warehouse.home / "warehouse.duckdb"), read_only=True) as connection:
        results = run_totals(totals, connection, schemas=("marts", "intermediate", "staging"), as_of=LATE)
    assert [result.faults for result in results] == [(), ()]


def test_a_row_that_breaks_a_rule_is_rejected_for_it_and_deletes_nothing(warehouse: Warehouse) -> None:
    found = warehouse.rows("select broken_rules from staging.stg_quarantine where entity = 'deletions' order by 1")
    assert found == [(rule,) for rule in sorted(BAD)]
