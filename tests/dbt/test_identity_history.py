"""How the identity of month ends differs: merges, splits and keys, as known on the as-of day, in every kind of build.

Each person below is one case. The references of a case have nothing in common with those of another one.
"""

from collections.abc import Callable
from datetime import date

import duckdb
import pytest

from tests.dbt.warehouse import Warehouse, pseudonym

JANUARY, FEBRUARY, MARCH, AS_OF = (date(2024, month, day) for month, day in ((1, 31), (2, 29), (3, 31), (4, 15)))
FIRST = date(2024, 4, 1)  # the day of the first build; the second one is on AS_OF

Record = tuple[str, date, dict[str, str | None]]  # the source, the date of the file, and the customer

KNOWN_FIRST: list[Record] = [
    # m2 has the e-mail of m1 since February
    ("shop", date(2024, 1, 5), {"customer_ref": "m1", "email": "m@example.org"}),
    ("crm", date(2024, 1, 6), {"customer_ref": "m2", "email": "m.old@example.org"}),
    ("crm", date(2024, 2, 10), {"customer_ref": "m2", "email": "M@example.org"}),
    # e2 has another e-mail since February; the old one stays a link
    ("shop", date(2024, 1, 4), {"customer_ref": "e1", "email": "e@example.org"}),
    ("crm", date(2024, 1, 6), {"customer_ref": "e2", "email": "e@example.org"}),
    ("crm", date(2024, 2, 10), {"customer_ref": "e2", "email": "e.new@example.org"}),
    # the shop separates s1 from s2 in March
    ("shop", date(2024, 1, 5), {"customer_ref": "s1"}),
    ("shop", date(2024, 1, 6), {"customer_ref": "s2", "person_ref": "s1"}),
    ("shop", date(2024, 3, 10), {"customer_ref": "s2"}),
    # the phone of p1 and p2 belongs to a second customer of the shop since March, so it links nobody
    ("shop", date(2024, 1, 5), {"customer_ref": "p1", "phone": "+442079460958"}),
    ("crm", date(2024, 1, 6), {"customer_ref": "p2", "phone": "+442079460958"}),
    ("shop", date(2024, 1, 7), {"customer_ref": "p3", "phone": "+442079460959"}),
    ("shop", date(2024, 3, 10), {"customer_ref": "p3", "phone": "+442079460958"}),
    # z belongs to x in January and to y since February
    ("shop", date(2024, 1, 4), {"customer_ref": "x"}),
    ("shop", date(2024, 1, 5), {"customer_ref": "y"}),
    ("shop", date(2024, 1, 6), {"customer_ref": "z", "person_ref": "x"}),
    ("shop", date(2024, 2, 10), {"customer_ref": "z", "person_ref": "y"}),
    # k1 gives the key of k1 and k2, who are one customer since February
    ("shop", date(2024, 1, 5), {"customer_ref": "k1", "email": "k@example.org"}),
    ("crm", date(2024, 1, 10), {"customer_ref": "k2", "email": "k.old@example.org"}),
    ("crm", date(2024, 2, 10), {"customer_ref": "k2", "email": "k@example.org"}),
    # f2 has the e-mail of f1 since February; no e-mail of f2 is known before, so the later one counts in January too
    ("shop", date(2024, 1, 5), {"customer_ref": "f1", "email": "f@example.org"}),
    ("crm", date(2024, 1, 6), {"customer_ref": "f2"}),
    ("crm", date(2024, 2, 10), {"customer_ref": "f2", "email": "f@example.org"}),
    # the record of d2, with the e-mail of d1, is deleted in March
    ("shop", date(2024, 1, 5), {"customer_ref": "d1", "email": "d@example.org"}),
    ("crm", date(2024, 1, 6), {"customer_ref": "d2", "email": "d@example.org"}),
    # the record of r2, with the e-mail of r1, is deleted in February and restored in March, now with a phone
    ("shop", date(2024, 1, 5), {"customer_ref": "r1", "email": "r@example.org", "phone": "+442079460956"}),
    ("crm", date(2024, 1, 6), {"customer_ref": "r2", "email": "r@example.org", "updated_at": "2024-01-06 10:00:00"}),
    (
        "crm",
        date(2024, 3, 10),
        {"customer_ref": "r2", "phone": "+442079460956", "updated_at": "2024-03-10 10:00:00"},
    ),
    # the record of w2, with an own e-mail, is deleted in March; then the e-mail of w1, which is known later, counts
    ("shop", date(2024, 1, 5), {"customer_ref": "w1", "email": "w@example.org"}),
    ("crm", date(2024, 1, 6), {"customer_ref": "w2", "email": "w.own@example.org"}),
    # nobody else has the e-mail of n1 yet
    ("shop", date(2024, 1, 5), {"customer_ref": "n1", "email": "n@example.org"}),
]
KNOWN_LATER: list[Record] = [
    # a file of January that arrives in April: k2 was known before k1
    ("crm", date(2024, 1, 2), {"customer_ref": "k2", "email": "k.old@example.org"}),
    # a new reference of a known customer is not a change
    ("crm", date(2024, 4, 10), {"customer_ref": "n2", "email": "n@example.org"}),
    # e1 and e2 are one customer with m1 and m2 since April
    ("crm", date(2024, 4, 10), {"customer_ref": "m2", "email": "e.new@example.org"}),
]
SOURCES = {str(record["customer_ref"]): source for source, _, record in KNOWN_FIRST + KNOWN_LATER}

Change = tuple[date, str, str, str, int]

UNTIL_FIRST: set[Change] = {
    (FEBRUARY, "m1", "m1", "merged", 1),
    (FEBRUARY, "m2", "m1", "merged", 1),
    (FEBRUARY, "x", "x", "split", 1),
    (FEBRUARY, "x", "y", "merged_and_split", 1),
    (FEBRUARY, "y", "y", "merged", 1),
    (MARCH, "s1", "s1", "split", 1),
    (MARCH, "s1", "s2", "split", 1),
    (MARCH, "p1", "p1", "split", 1),
    (MARCH, "p1", "p2", "split", 1),
    (MARCH, "d1", "d1", "split", 1),
    (MARCH, "d1", "d2", "split", 1),
    (FEBRUARY, "r1", "r1", "split", 1),
    (FEBRUARY, "r1", "r2", "split", 1),
    (MARCH, "r1", "r1", "merged", 1),
    (MARCH, "r2", "r1", "merged", 1),
    (MARCH, "w1", "w1", "merged", 1),
    (MARCH, "w2", "w1", "merged", 1),
}
OF_K: set[Change] = {(FEBRUARY, "k1", "k1", "merged", 1), (FEBRUARY, "k2", "k1", "merged", 1)}
OF_K_LATER: set[Change] = {(FEBRUARY, "k1", "k2", "merged", 1), (FEBRUARY, "k2", "k2", "merged", 1)}
IN_APRIL: set[Change] = {(AS_OF, "m1", "e1", "merged", 2), (AS_OF, "e1", "e1", "merged", 2)}


def deliver(warehouse: Warehouse, records: list[Record], landed_on: date) -> None:
    for source, file_on, record in records:
        warehouse.land({"customers": [record]}, landed_on=landed_on, file_on=file_on, source=source)


def build_history(warehouse: Warehouse, as_of: date, scratch: str = "") -> None:
    only_models = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    warehouse.dbt("build", "--select", "identity_history", *only_models, as_of=as_of, scratch_schema=scratch)


def changes(warehouse: Warehouse, schema: str = "marts") -> set[Change]:
    """The rows of identity_history, with references instead of pseudonyms."""
    refs = {pseudonym(source, ref): ref for ref, source in SOURCES.items()}
    rows = warehouse.rows(
        f"select observed_on, customer_key_before, customer_key, change, n_references from {schema}.identity_history"
    )
    found = [(day, refs[str(before)], refs[str(key)], change, n) for day, before, key, change, n in rows]
    assert len(found) == len(set(found))
    return set(found)  # type: ignore[arg-type]


def keys(warehouse: Warehouse, table: str) -> list[tuple[object, ...]]:
    """What a table says of customers: every column of it."""
    return warehouse.rows(f"select * from {table} order by all")


COMPARED = (
    *("intermediate.int_identity_at_day", "intermediate.int_customer_identity", "intermediate.int_order"),
    *("marts.dim_customer", "marts.fct_order", "marts.fct_return", "marts.fct_survey_answer"),
    "marts.identity_history",
)


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """Built on FIRST, extended on AS_OF, and built as a whole on AS_OF; the tables of FIRST are kept aside."""
    home = new_warehouse()
    home.models = [table.split(".")[1] for table in COMPARED]
    deliver(home, KNOWN_FIRST, FIRST)
    deletions = [
        {"entity": "customers", "record_id": ref, "deleted_at": f"{day} 10:00:00"}
        for ref, day in (("d2", "2024-03-10"), ("r2", "2024-02-10"), ("w2", "2024-03-10"))
    ]
    home.land({"deletions": deletions}, landed_on=FIRST, source="crm")
    call = {"interaction_id": "w2", "customer_ref": "w2", "occurred_at": "2024-01-20 10:00:00"}
    late = date(2024, 4, 10)
    home.land({"interactions": [call | {"email": "w@example.org"}]}, landed_on=FIRST, file_on=late, source="crm")
    for source in ("shop", "crm"):
        of_source = [ref for ref, one in SOURCES.items() if one == source and ref != "n2"]
        orders = [{"order_id": ref, "customer_ref": ref, "ordered_at": "2024-03-20 10:00:00"} for ref in of_source]
        returns = [{"return_id": ref, "order_id": ref, "returned_at": "2024-03-21 10:00:00"} for ref in of_source]
        answers = [
            {"response_id": ref, "question_id": "q", "customer_ref": ref, "answered_at": "2024-03-21 10:00:00"}
            | {"construct": "nps", "answer_number": "9", "scale_min": "0", "scale_max": "10"}
            for ref in of_source
        ]
        amounts = {"currency": "GBP", "gross": "10"}
        home.land({"orders": [order | amounts for order in orders]}, landed_on=FIRST, source=source)
        home.land({"returns": [one | {"amount": "2"} for one in returns]}, landed_on=FIRST, source=source)
        home.land({"survey_answers": answers}, landed_on=FIRST, source=source)
    home.ingest(FIRST)
    home.build(FIRST)
    build_history(home, FIRST)
    with duckdb.connect(str(home.home / "warehouse.duckdb")) as connection:
        for table in COMPARED:
            schema, name = table.split(".")
            connection.execute(f"create schema if not exists first_{schema}")
            connection.execute(f"create table first_{schema}.{name} as from {table}")
    deliver(home, KNOWN_LATER, AS_OF)
    home.ingest(AS_OF)
    home.build(AS_OF, extending=FIRST)
    build_history(home, AS_OF)
    home.build(AS_OF, scratch="whole")
    build_history(home, AS_OF, scratch="whole")
    return home


def test_the_history_has_the_merges_and_splits_of_each_month_end(warehouse: Warehouse) -> None:
    assert changes(warehouse, "first_marts") == UNTIL_FIRST | OF_K
    assert changes(warehouse) == UNTIL_FIRST | OF_K_LATER | IN_APRIL


def test_an_old_row_that_arrives_later_gives_the_customer_another_key_in_every_table(warehouse: Warehouse) -> None:
    for schema, first_known, source in (("first_", "k1", "shop"), ("", "k2", "crm")):
        key = pseudonym(source, first_known)
        for table, column in (
            ("intermediate.int_customer_identity", "customer_ref"),
            ("marts.fct_order", "order_id"),
            ("marts.fct_return", "return_id"),
            ("marts.fct_survey_answer", "response_id"),
        ):
            found = warehouse.rows(f"select distinct customer_key from {schema}{table} where {column} in ('k1', 'k2')")
            assert found == [(key,)], table
        dim = warehouse.rows(f"select count(*) from {schema}marts.dim_customer where customer_key = '{key}'")
        assert dim == [(1,)]


@pytest.mark.parametrize("table", COMPARED)
def test_an_extended_build_has_the_rows_of_a_whole_one(warehouse: Warehouse, table: str) -> None:
    rows = keys(warehouse, table)
    assert rows == keys(warehouse, f"whole_{table}")
    assert rows
    assert rows != keys(warehouse, f"first_{table}")
