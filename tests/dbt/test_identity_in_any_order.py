"""With links of every kind and the user's decisions, who is one customer depends neither on the order in which files
arrive nor on when a day is built.

Each person below is one case. The references of a case have nothing in common with those of another one.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pytest

from pipelines.identity.resolve import Decision
from tests.dbt.warehouse import Warehouse, pseudonym

FIRST, AS_OF = date(2024, 4, 1), date(2024, 4, 15)
Rows = dict[str, list[dict[str, str | None]]]
File = tuple[str, date, Rows]  # the source, the date in its name, and its rows


def customer(source: str, file_on: date, ref: str, **columns: str | None) -> File:
    return source, file_on, {"customers": [{"customer_ref": ref, **columns}]}


def orders_of(source: str, day: date, *who: dict[str, str | None]) -> File:
    """An order on a day for each customer or guest."""
    common = {"ordered_at": f"{day} 10:00:00", "currency": "GBP", "gross": "10"}
    return source, day, {"orders": [{"order_id": f"{day}-{n}", **common, **one} for n, one in enumerate(who)]}


UNTIL_FIRST: list[File] = [
    # m2 has the e-mail of m1 since February
    customer("shop", date(2024, 1, 5), "m1", email="m@example.org", country="GB"),
    customer("crm", date(2024, 1, 6), "m2", email="m.old@example.org", account_ref="A1"),
    customer("crm", date(2024, 2, 10), "m2", email="M@example.org", account_ref="A2"),
    # the shop separates s1 from s2 in March
    customer("shop", date(2024, 1, 5), "s1"),
    customer("shop", date(2024, 1, 6), "s2", person_ref="s1"),
    customer("shop", date(2024, 3, 10), "s2"),
    # the phone of p1 and p2 belongs to a second customer of the shop since March, so it links nobody
    customer("shop", date(2024, 1, 5), "p1", phone="+442079460958"),
    customer("crm", date(2024, 1, 6), "p2", phone="+442079460958"),
    customer("shop", date(2024, 3, 10), "p3", phone="+442079460958"),
    # the user links l1 and l2, separates u1 from u2 in spite of their e-mail, and links c1 with what u1 is
    customer("shop", date(2024, 1, 5), "l1", country="FR", email="l@example.org"),
    customer("crm", date(2024, 2, 6), "l2", country="DE"),
    customer("shop", date(2024, 1, 5), "u1", email="u@example.org"),
    customer("crm", date(2024, 1, 6), "u2", email="u@example.org"),
    customer("crm", date(2024, 2, 6), "c1"),
    # the user has separated v1 from v2, of whom nothing is known before April
    customer("shop", date(2024, 1, 5), "v1", email="v@example.org"),
    orders_of(
        "shop",
        date(2024, 3, 20),
        *({"customer_ref": ref} for ref in ("m1", "s2", "p1", "l1", "u1", "v1", "k1")),
        # a guest, who is known to the CRM in April
        {"email": "g@example.org"},
    ),
    orders_of("crm", date(2024, 3, 20), *({"customer_ref": ref} for ref in ("m2", "p2", "l2", "u2", "c1"))),
    customer("shop", date(2024, 1, 5), "k1", email="k@example.org"),
    customer("crm", date(2024, 2, 10), "k2", email="k@example.org"),
    # a file of January; in one of the warehouses it arrives in April: k2 was known before k1
    customer("crm", date(2024, 1, 2), "k2", email="k.old@example.org"),
]
LATE = UNTIL_FIRST[-1]
AFTER_FIRST: list[File] = [
    customer("crm", date(2024, 4, 10), "v2", email="v@example.org"),
    customer("crm", date(2024, 4, 11), "g1", email="g@example.org"),
    customer("shop", date(2024, 4, 11), "u2_too", email="u@example.org"),
    customer("shop", date(2024, 4, 12), "l1", country="ES", email="m.old@example.org"),
    customer("crm", date(2024, 4, 12), "s3", person_ref="s1", person_source="shop"),
    customer("crm", date(2024, 4, 12), "x1", email="no address"),
    orders_of("crm", date(2024, 4, 13), {"customer_ref": "c1"}, {"customer_ref": "v2"}),
]
NEW = {("crm", "v2"), ("crm", "g1"), ("shop", "u2_too"), ("crm", "s3"), ("crm", "x1")}
DECISIONS = [
    Decision("link", pseudonym("shop", "l1"), pseudonym("crm", "l2")),
    Decision("unlink", pseudonym("shop", "u1"), pseudonym("crm", "u2")),
    Decision("link", pseudonym("shop", "u1"), pseudonym("crm", "c1")),
    Decision("unlink", pseudonym("crm", "v2"), pseudonym("shop", "v1")),
]

IDENTITY = ("int_customer_identity", "int_identity_at_day", "int_issue_identity")
MARTS = ("identity_history", "rpt_identity_audit", "dim_customer", "dim_account", "fct_order")
COMPARED = (*(f"intermediate.{name}" for name in IDENTITY), *(f"marts.{name}" for name in MARTS))

Tables = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class Built:
    """Every compared table, per build.

    Attributes:
        in_order: On AS_OF, after a build on FIRST that it extends. One old file arrived in April.
        shuffled: On AS_OF, built as a whole, from the same files in another order.
        backfill: On FIRST, after `in_order`.
        run_of_first: On FIRST, from the files until then, as a whole.
        early: On FIRST, without the file that arrived later.
    """

    in_order: Tables
    shuffled: Tables
    backfill: Tables
    run_of_first: Tables
    early: Tables


def receive(warehouse: Warehouse, files: Sequence[File], landed_on: date) -> None:
    for source, file_on, rows in files:
        warehouse.land(rows, landed_on=landed_on, file_on=file_on, source=source)
    warehouse.ingest(landed_on)


def build(warehouse: Warehouse, as_of: date, *, extending: date | None = None, scratch: str = "") -> Tables:
    warehouse.build(as_of, extending=extending, scratch=scratch, models=[*IDENTITY, *MARTS])
    prefix = f"{scratch}_" if scratch else ""
    return {table: warehouse.rows(f"select * from {prefix}{table} order by all") for table in COMPARED}


@pytest.fixture(scope="module")
def built(new_warehouse: Callable[[], Warehouse]) -> Built:
    in_order, shuffled = new_warehouse(), new_warehouse()
    in_order.decisions = shuffled.decisions = DECISIONS
    receive(in_order, [file for file in UNTIL_FIRST if file is not LATE], FIRST)
    early = build(in_order, FIRST)
    receive(in_order, [*AFTER_FIRST, LATE], AS_OF)
    extended = build(in_order, AS_OF, extending=FIRST)
    backfill = build(in_order, FIRST, scratch="early")
    chance = random.Random(3)
    receive(shuffled, chance.sample(UNTIL_FIRST, len(UNTIL_FIRST)), FIRST)
    run_of_first = build(shuffled, FIRST)
    receive(shuffled, chance.sample(AFTER_FIRST, len(AFTER_FIRST)), AS_OF)
    return Built(extended, build(shuffled, AS_OF), backfill, run_of_first, early)


@pytest.mark.parametrize("table", COMPARED)
def test_the_order_of_arrival_changes_nothing(built: Built, table: str) -> None:
    assert built.in_order[table] == built.shuffled[table]
    assert built.in_order[table]


IDENTITY_OF = "intermediate.int_customer_identity"


def known_on_first(built: Built, tables: Tables, table: str) -> list[tuple[object, ...]]:
    """The rows of a table without references of which nothing was known on FIRST, and without their customers.

    Records of such references stand in on FIRST, as for every entity.
    """
    if table != "marts.dim_customer":
        return [row for row in tables[table] if row[:2] not in NEW]
    new = {key for *ref, key in built.backfill[IDENTITY_OF] if tuple(ref) in NEW}
    return [row for row in tables[table] if row[0] not in new]


# int_identity_at_day may have more people: everyone whose links change on any day, also after the as-of day.
@pytest.mark.parametrize("table", [table for table in COMPARED if table != "intermediate.int_identity_at_day"])
def test_a_backfill_after_later_files_is_the_run_of_its_day(built: Built, table: str) -> None:
    rows = known_on_first(built, built.run_of_first, table)
    assert known_on_first(built, built.backfill, table) == rows
    assert rows


def test_later_files_and_the_old_file_change_what_is_compared(built: Built) -> None:
    for table in COMPARED:
        if table not in ("marts.dim_account", "marts.rpt_identity_audit"):
            assert built.in_order[table] != built.backfill[table], table
    assert built.early[IDENTITY_OF] != built.backfill[IDENTITY_OF]


def persons(rows: list[tuple[object, ...]]) -> set[frozenset[str]]:
    """The references of each customer with more than one, from the rows of int_customer_identity."""
    found: dict[object, set[str]] = {}
    for _, ref, key in rows:
        found.setdefault(key, set()).add("guest" if str(ref).startswith("@") else str(ref))
    return {frozenset(refs) for refs in found.values() if len(refs) > 1}


def test_decisions_and_evidence_count_as_known_on_the_day(built: Built) -> None:
    until_first = {frozenset(refs) for refs in ({"m1", "m2"}, {"l1", "l2"}, {"u1", "c1"}, {"k1", "k2"})}
    assert persons(known_on_first(built, built.backfill, IDENTITY_OF)) == until_first
    assert persons(built.in_order[IDENTITY_OF]) == {
        # l1 has an old e-mail of m2 since April
        frozenset({"m1", "m2", "l1", "l2"}),
        frozenset({"u1", "c1"}),
        frozenset({"u2", "u2_too"}),
        frozenset({"k1", "k2"}),
        frozenset({"s1", "s3"}),
        frozenset({"guest", "g1"}),
    }
