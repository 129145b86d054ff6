"""References that customer records link are one person, in marts and in privacy: chains, branches, circles."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

import duckdb
import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.identity.linked import declared_links
from tests.dbt.warehouse import Warehouse, pseudonym

EARLY, LATE = date(2024, 3, 10), date(2024, 3, 20)
LANDED = date(2024, 3, 21)
Links = dict[str, str | None]

CHAIN: Links = {"A": "B", "B": "C", "C": "D", "D": "E", "E": None}
BRANCHES: Links = {"left2": "left1", "left1": "trunk", "right1": "trunk", "trunk": None}
CIRCLES: Links = {"X": "Y", "Y": "X", "into": "Z", "P": "Q", "Q": "R", "R": "P", "tail": "into_tail", "into_tail": "X"}
CIRCLES_ALSO: Links = {"itself": "itself", "to_nobody": "no_record"}


def customers(links: Links) -> list[dict[str, str | None]]:
    return [{"customer_ref": ref, "person_ref": person} for ref, person in links.items()]


def orders(refs: Links | list[str], day: str = "2024-03-05") -> list[dict[str, str | None]]:
    """An order of 10.00 of each reference."""
    return [
        {"order_id": f"o{ref}", "customer_ref": ref, "ordered_at": f"{day} 10:00:00", "currency": "GBP", "gross": "10"}
        for ref in refs
    ]


def persons(warehouse: Warehouse, schema: str = "") -> dict[str, set[str]]:
    """The references of the shop by the pseudonym of their person."""
    found: dict[str, set[str]] = defaultdict(set)
    prefix = f"{schema}_" if schema else ""
    for ref, key in warehouse.rows(
        f"select customer_ref, customer_key from {prefix}intermediate.int_customer_identity where source = 'shop'"
    ):
        found[str(key)].add(str(ref))
    return dict(found)


@pytest.fixture(scope="module")
def warehouse(new_warehouse: Callable[[], Warehouse]) -> Warehouse:
    home = new_warehouse()
    home.models = ("int_customer_identity", "int_customer_summary", "rpt_data_issue")
    links = CHAIN | BRANCHES | CIRCLES | CIRCLES_ALSO
    home.land({"customers": customers(links)}, landed_on=LANDED, file_on=date(2024, 3, 1))
    home.land({"orders": orders(links)}, landed_on=LANDED)
    # the same references in another source are other people
    home.land({"orders": orders(["A", "X"])}, landed_on=LANDED, source="other_shop")
    # on the 15th the chain is broken in its middle, and two customers are merged
    home.land({"customers": customers({"C": None, "E": "Z"})}, landed_on=LANDED, file_on=date(2024, 3, 15))
    home.ingest(LATE)
    home.build(EARLY, scratch="early")
    home.build(LATE)
    return home


def first_key(refs: Iterable[str]) -> str:
    """The key of references of the shop that were known on the same day."""
    return min(pseudonym("shop", ref) for ref in refs)


def test_a_chain_of_any_length_is_one_person(warehouse: Warehouse) -> None:
    assert persons(warehouse, "early")[first_key(CHAIN)] == set(CHAIN)
    assert warehouse.rows(
        "select n_orders, n_purchase_days, net_amount::int from early_intermediate.int_customer_summary"
        f" where customer_key = '{first_key(CHAIN)}' and observed_on = '{EARLY}'"
    ) == [(5, 1, 50)]


def test_branches_that_lead_to_one_root_are_one_person(warehouse: Warehouse) -> None:
    assert persons(warehouse)[first_key(BRANCHES)] == set(BRANCHES)


def test_a_circle_is_one_person_with_whoever_leads_into_it(warehouse: Warehouse) -> None:
    found = persons(warehouse)
    assert {"P", "Q", "R"} in found.values()
    assert {"X", "Y", "into_tail", "tail"} in found.values()
    issues = warehouse.rows(
        "select source, entity, n_rows, severity from marts.rpt_data_issue where issue = 'person_ref_cycle'"
    )
    assert issues == [("shop", "customers", 7, "warn")]


def test_a_reference_that_names_itself_or_one_without_a_record_is_no_circle(warehouse: Warehouse) -> None:
    found = persons(warehouse)
    assert found[pseudonym("shop", "itself")] == {"itself"}
    assert found[pseudonym("shop", "no_record")] == {"to_nobody", "no_record"}


def test_a_person_of_a_source_without_data_is_an_issue_and_links_nobody(
    new_warehouse: Callable[[], Warehouse],
) -> None:
    home = new_warehouse()
    home.land({"orders": orders(["C1"])}, landed_on=LANDED)
    records = [
        {"customer_ref": f"z{n}", "person_ref": "C1", "person_source": name}
        for n, name in enumerate(["shop", "shopp", "Shop"])
    ]
    home.land({"customers": records}, landed_on=LANDED, source="crm")
    home.ingest(LATE)
    home.build(LATE)
    assert home.rows("select * exclude (meaning, action) from marts.rpt_data_issue") == [
        ("person_source_unknown", "crm", "customers", None, "warn", 2, None, False)
    ]
    found = home.rows(
        "select customer_ref, count(*) over (partition by customer_key) from intermediate.int_customer_identity"
        " where source in ('crm', 'shop') order by 1"
    )
    assert found == [("C1", 2), ("z0", 2), ("z1", 1), ("z2", 1)]


def test_persons_of_an_export_after_the_as_of_day_are_linked_without_an_issue(
    new_warehouse: Callable[[], Warehouse],
) -> None:
    # the export of a CRM is dated on the day after the last order: its records count, as no earlier ones are known
    home = new_warehouse()
    home.land({"orders": orders(["C1"])}, landed_on=LANDED)
    records = [
        {"customer_ref": "z1", "person_ref": "z2"},
        {"customer_ref": "z2", "person_ref": "C1", "person_source": "shop"},
    ]
    home.land({"customers": records}, landed_on=LANDED, file_on=LATE, source="crm")
    home.ingest(LATE)
    home.build(EARLY)
    found = home.rows(
        "select customer_ref, count(*) over (partition by customer_key) from intermediate.int_customer_identity"
        " where source in ('crm', 'shop') order by 1"
    )
    assert found == [("C1", 3), ("z1", 3), ("z2", 3)]
    assert home.rows("select * from marts.rpt_data_issue where issue = 'person_source_unknown'") == []


def test_who_is_one_person_is_as_known_on_the_day(warehouse: Warehouse) -> None:
    before, after = persons(warehouse, "early"), persons(warehouse)
    assert {"Z", "into"} in before.values()
    assert {"A", "B", "C"} in after.values()
    assert {"Z", "into", "D", "E"} in after.values()


def test_the_same_reference_in_another_source_is_another_person(warehouse: Warehouse) -> None:
    rows = warehouse.rows(
        "select customer_ref, customer_key from intermediate.int_customer_identity"
        " where source = 'other_shop' order by all"
    )
    assert rows == [("A", pseudonym("other_shop", "A")), ("X", pseudonym("other_shop", "X"))]


# The tables that depend on who is who.
DEPENDENT = (
    *(f"intermediate.int_{name}" for name in ("customer_identity", "order", "return", "customer_day")),
    *(f"intermediate.int_{name}" for name in ("customer_category", "customer_summary", "customer_sighting")),
    *(f"marts.{name}" for name in ("dim_customer", "fct_order", "fct_return", "rpt_data_issue")),
)


def differing_rows(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    """Per table that depends on who is who, the rows that are not both in the daily build and in the whole one."""
    queries = {
        table: f"(from {table} except all from whole_{table}) union all (from whole_{table} except all from {table})"
        for table in DEPENDENT
    }
    return {table: rows for table, query in queries.items() if (rows := warehouse.rows(query))}


def test_a_merge_a_split_and_a_late_link_extend_a_build_to_what_a_full_one_gives(
    new_warehouse: Callable[[], Warehouse],
) -> None:
    home = new_warehouse()
    home.models = [table.split(".")[1] for table in DEPENDENT]
    refs = CHAIN | BRANCHES | CIRCLES | {"new": None}
    returned = [
        {"return_id": f"r{ref}", "order_id": f"o{ref}", "returned_at": "2024-03-06 10:00:00", "amount": "3"}
        for ref in refs
    ]
    home.land({"orders": orders(refs), "returns": returned}, landed_on=EARLY)
    home.land({"customers": customers(refs | {"C": None})}, landed_on=EARLY, file_on=date(2024, 3, 1))
    # known today, in force only from the 12th on
    home.land({"customers": customers({"trunk": "E"})}, landed_on=EARLY, file_on=date(2024, 3, 12))
    steps: list[tuple[date, Links]] = [
        (EARLY, {}),
        (date(2024, 3, 11), {"C": "D"}),  # joins the two halves of the chain
        # the branches join the chain, the chain is split, a circle is opened, and what is left becomes one person
        (date(2024, 3, 14), {"B": None, "X": None, "E": "A", "A": "new", "new": "tail"}),
    ]
    previous = None
    for day, links in steps:
        if links:
            home.land({"customers": customers(links)}, landed_on=day, file_on=day)
        if day == date(2024, 3, 14):  # arrives late: it has been in force since before the first build
            home.land({"customers": customers({"left2": "P"})}, landed_on=day, file_on=date(2024, 3, 2))
        home.ingest(day)
        home.build(day, extending=previous)
        if previous:
            home.build(day, scratch="whole")
            assert differing_rows(home) == {}, day
        previous = day


def test_marts_and_privacy_mean_the_same_persons_in_any_graph(new_warehouse: Callable[[], Warehouse]) -> None:
    home = new_warehouse()
    home.models = ("int_customer_identity",)
    chance = random.Random(5)
    refs = [f"r{n}" for n in range(400)]
    links = {ref: chance.choice(refs) if chance.random() < 0.8 else None for ref in refs}
    chain = {f"long{n}": f"long{n + 1}" for n in range(3000)}
    shuffled = list((links | chain).items())
    chance.shuffle(shuffled)
    home.land({"customers": customers(dict(shuffled))}, landed_on=LANDED)
    home.ingest(LATE)
    home.build(LATE)
    found = {frozenset(group) for group in persons(home).values()}

    nodes = {ref: n for n, ref in enumerate(sorted({*links, *chain, *chain.values()}))}
    pairs = np.array([(nodes[a], nodes[b]) for a, b in shuffled if b is not None])
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(nodes), len(nodes)))
    labels = connected_components(graph, directed=False)[1]
    expected: dict[int, set[str]] = defaultdict(set)
    for ref, n in nodes.items():
        expected[int(labels[n])].add(ref)
    assert found == {frozenset(group) for group in expected.values()}

    with duckdb.connect() as landed:
        landed.execute(f"create view customers as from read_parquet('{home.landing}/customers/*/*/part.parquet')")
        for person in sorted(found, key=len)[-20:]:
            start = min(person)
            links = declared_links(landed, {("shop", start)})
            assert {ref for link in links for ref in link} == {("shop", ref) for ref in person}
