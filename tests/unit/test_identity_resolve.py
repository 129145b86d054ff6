"""Who is the same person: the rules compared with plain Python, and each rule on its own."""

import random
import stat
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.base.errors import BuildError
from pipelines.config.model_identity import IdentityModel
from pipelines.identity import resolve as resolving
from pipelines.identity.contacts import ContactRules
from pipelines.identity.identifiers import SCHEMA as IDENTIFIERS_SCHEMA
from pipelines.identity.pseudonyms import IDENTIFIERS
from pipelines.identity.resolve import BLOCKED, COMPONENTS, Decision, IdentityReport, Limits, resolve, write_identity
from tests.unit.identity_brute_force import Blocked, Edge, resolved

NAMES = ("kind", "source", "node", "other_node")
EDGES = pa.schema([(name, pa.string()) for name in NAMES])
LIMITS = Limits()
BLOCK_X = Limits(block_list=frozenset({"x"}))

refs = st.sampled_from(list("abcdefgh"))
contacts = st.sampled_from(["a", "x", "y", "z"])  # an e-mail and a phone can have the same text, and a reference too
kinds = st.sampled_from(["person_ref", "email", "email", "phone"])


def edge(kind: str, node: str, ref: str, contact: str) -> Edge:
    """A link whose source depends on its node, because a reference belongs to one source."""
    return kind, "crm" if node in "abc" else "shop", node, ref if kind == "person_ref" else contact


some_edges = st.lists(st.builds(edge, kinds, refs, refs, contacts), max_size=12)
some_decisions = st.lists(st.builds(Decision, st.sampled_from(["link", "unlink", "unlink"]), refs, refs), max_size=4)
some_limits = st.builds(
    Limits, st.integers(1, 3), st.integers(1, 2), st.frozensets(st.sampled_from(["a", "x", "y"]), max_size=1)
)
few = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def table(edges: Sequence[Edge]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(NAMES, edge, strict=True)) for edge in edges], schema=EDGES)


def solved(
    edges: Sequence[Edge], spill: Path, decisions: Sequence[Decision] = (), limits: Limits = LIMITS
) -> tuple[dict[str, str], set[Blocked]]:
    found = resolve(table(edges), decisions, limits, spill)
    blocked = [tuple(row.values()) for row in found.blocked.to_pylist()]
    assert blocked == sorted(blocked)
    nodes = found.components.column("node").to_pylist()
    assert nodes == sorted(set(nodes))
    return dict(zip(nodes, found.components.column("component").to_pylist(), strict=True)), set(blocked)


def persons(edges: Sequence[Edge], spill: Path, *decisions: Decision, limits: Limits = LIMITS) -> list[str]:
    components, _ = solved(edges, spill, decisions, limits)
    return sorted("".join(ref for ref in components if components[ref] == name) for name in set(components.values()))


def email(identifier: str, *nodes: str, source: str = "shop") -> list[Edge]:
    return [("email", source, node, identifier) for node in nodes]


def phone(identifier: str, *nodes: str, source: str = "shop") -> list[Edge]:
    return [("phone", source, node, identifier) for node in nodes]


def declared(*pairs: str) -> list[Edge]:
    return [("person_ref", "shop", one, other) for one, other in pairs]


@few
@given(some_edges, some_decisions, some_limits)
def test_persons_are_those_of_the_rules_in_plain_python(
    tmp_path: Path, edges: list[Edge], decisions: list[Decision], limits: Limits
) -> None:
    assert solved(edges, tmp_path, decisions, limits) == resolved(edges, decisions, limits)


@few
@given(some_edges, some_decisions, st.integers(0, 99))
def test_the_order_of_rows_and_repeated_rows_do_not_matter(
    tmp_path: Path, edges: list[Edge], decisions: list[Decision], seed: int
) -> None:
    mixed = edges + edges[:2]
    random.Random(seed).shuffle(mixed)
    assert solved(mixed, tmp_path, decisions) == solved(edges, tmp_path, decisions)


@few
@given(some_edges, st.lists(st.builds(Decision, st.just("unlink"), refs, refs), max_size=2), refs, refs)
def test_after_an_unlink_two_references_are_separate(
    tmp_path: Path, edges: list[Edge], before: list[Decision], one: str, other: str
) -> None:
    components, _ = solved(edges, tmp_path, [*before, Decision("unlink", one, other)])
    assert one == other or components.get(one, one) != components.get(other, other)


@few
@given(some_edges, some_decisions, some_limits)
def test_a_blocked_identifier_links_nobody(
    tmp_path: Path, edges: list[Edge], decisions: list[Decision], limits: Limits
) -> None:
    components, blocked = solved(edges, tmp_path, decisions, limits)
    gone = {(kind, identifier) for kind, identifier, _, _ in blocked}
    without = [edge for edge in edges if (edge[0], edge[3]) not in gone]
    assert solved(without, tmp_path, decisions, limits)[0] == components


def test_contacts_link_references_over_several_steps_and_sources(tmp_path: Path) -> None:
    edges = [*email("x", "a"), *email("x", "b", source="crm"), *phone("y", "b", source="crm"), *phone("y", "c")]
    assert persons(edges, tmp_path) == ["abc"]


def test_a_phone_of_two_customers_of_one_source_links_nobody(tmp_path: Path) -> None:
    edges = [*phone("y", "a", "b"), *phone("y", "c", source="crm")]
    assert solved(edges, tmp_path) == ({}, {("phone", "y", 3, "too_many_references")})
    assert persons(edges, tmp_path, limits=Limits(max_refs_of_phone=2)) == ["abc"]


def test_references_that_name_each_other_count_once(tmp_path: Path) -> None:
    edges = [*phone("y", "a", "b"), *phone("y", "c", source="crm")]
    assert persons(edges + declared("ab"), tmp_path) == ["abc"]
    assert persons(edges, tmp_path, Decision("link", "a", "b")) == ["abc"]


def test_references_with_one_email_count_once_for_a_phone(tmp_path: Path) -> None:
    edges = [*phone("y", "a", "b"), *phone("y", "c", source="crm")]
    assert persons([*edges, *email("x", "a", "b")], tmp_path) == ["abc"]
    # not if the e-mail links nobody itself
    _, blocked = solved([*edges, *email("x", "a", "b")], tmp_path, limits=BLOCK_X)
    assert blocked == {("email", "x", 2, "block_list"), ("phone", "y", 3, "too_many_references")}


def test_emails_are_counted_before_phones(tmp_path: Path) -> None:
    _, blocked = solved([*phone("y", "a", "b"), *email("x", "a", "b")], tmp_path, limits=Limits(max_refs_of_email=1))
    assert blocked == {("email", "x", 2, "too_many_references"), ("phone", "y", 2, "too_many_references")}


def test_the_component_by_person_ref_alone_is_beside_that_of_all_links(tmp_path: Path) -> None:
    found = resolve(table([*declared("cb"), *email("x", "a", "b")]), [Decision("link", "a", "d")], LIMITS, tmp_path)
    assert [tuple(row.values()) for row in found.components.to_pylist()] == [
        ("a", "a", "a"),
        ("b", "a", "b"),
        ("c", "a", "b"),
        ("d", "a", "d"),
    ]


def test_an_email_may_belong_to_as_many_customers_as_the_limit_and_not_to_more(tmp_path: Path) -> None:
    assert persons(email("x", *"abcdefghij"), tmp_path) == ["abcdefghij"]
    components, blocked = solved(email("x", *"abcdefghijk"), tmp_path)
    assert (components, blocked) == ({}, {("email", "x", 11, "too_many_references")})


def test_an_identifier_on_the_block_list_links_nobody_and_is_reported_as_such(tmp_path: Path) -> None:
    edges = [*email("x", *"abcdefghijkl"), *email("w", "a", "b")]
    assert solved(edges, tmp_path, limits=BLOCK_X) == ({"a": "a", "b": "a"}, {("email", "x", 12, "block_list")})


def test_a_pseudonym_with_the_text_of_a_blocked_identifier_is_not_blocked(tmp_path: Path) -> None:
    assert persons(declared("xa"), tmp_path, limits=BLOCK_X) == ["ax"]


def test_an_unlink_removes_the_contact_that_connects_and_no_other(tmp_path: Path) -> None:
    edges = [*email("x", "a", "b"), *email("w", "a", "c")]
    assert persons(edges, tmp_path, Decision("unlink", "a", "b")) == ["ac"]
    assert persons(edges, tmp_path, Decision("unlink", "b", "a")) == ["ac"]


def test_an_unlink_holds_over_several_steps(tmp_path: Path) -> None:
    edges = [*declared("ab", "bc", "cd"), *email("x", "a", "d")]
    assert persons(edges, tmp_path, Decision("unlink", "a", "c")) == ["bcd"]


def test_unlinks_are_applied_in_their_order(tmp_path: Path) -> None:
    edges = declared("ab", "bc")
    assert persons(edges, tmp_path, Decision("unlink", "b", "a"), Decision("unlink", "b", "c")) == []
    assert persons(edges, tmp_path, Decision("unlink", "a", "c"), Decision("unlink", "a", "b")) == ["bc"]


def test_a_link_of_the_user_is_stronger_than_an_unlink(tmp_path: Path) -> None:
    decisions = Decision("link", "a", "b"), Decision("unlink", "a", "b")
    assert persons(email("x", "a", "b"), tmp_path, *decisions) == ["ab"]


def test_references_without_evidence_can_be_linked_by_the_user(tmp_path: Path) -> None:
    assert solved([], tmp_path, [Decision("link", "b", "a")]) == ({"a": "a", "b": "a"}, set())


def test_nothing_is_nobody(tmp_path: Path) -> None:
    assert solved([], tmp_path) == ({}, set())


def test_an_unknown_kind_of_link_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="unknown kind of a link: fax"):
        solved([("fax", "shop", "a", "x")], tmp_path)


def test_both_files_are_for_their_owner_alone_and_have_the_same_bytes_for_the_same_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolving, "_BATCH_ROWS", 2)
    edges = [*email("x", *"abc"), *email("bad", "d", "e"), *phone("y", "f", "g")]
    rows = [
        ("email", "Bad@Example.com", "bad", True),
        ("email", "x@example.com", "x", False),
        ("email", "?", None, False),
    ]
    identifiers = pa.Table.from_pylist([dict(zip(IDENTIFIERS_SCHEMA.names, row, strict=True)) for row in rows])
    written = []
    for folder, order in ((tmp_path / "one", edges), (tmp_path / "other", edges[::-1])):
        folder.mkdir()
        pq.write_table(identifiers.cast(IDENTIFIERS_SCHEMA), folder / IDENTIFIERS)
        pq.write_table(table(order), folder / "edges.parquet")
        assert write_identity(folder / "edges.parquet", folder, (), LIMITS) == IdentityReport(1, 3, 2)
        assert {stat.S_IMODE((folder / name).stat().st_mode) for name in (COMPONENTS, BLOCKED)} == {0o600}
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            [IDENTIFIERS, "edges.parquet", COMPONENTS, BLOCKED]
        )
        written.append([(folder / name).read_bytes() for name in (COMPONENTS, BLOCKED)])
    assert written[0] == written[1]
    assert pq.read_table(folder / COMPONENTS).to_pylist() == [
        {"node": node, "component": "a", "person_ref_component": node} for node in "abc"
    ]
    assert [row["reason"] for row in pq.read_table(folder / BLOCKED).to_pylist()] == [
        "block_list",
        "too_many_references",
    ]


def test_without_identifiers_the_block_list_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="blocked contacts are unknown"):
        write_identity(tmp_path / "edges.parquet", tmp_path, (), LIMITS)


def test_the_limits_are_those_of_the_settings() -> None:
    assert Limits.of(IdentityModel(max_refs_of_email=3, max_refs_of_phone=2)) == Limits(3, 2)
    assert Limits.of(IdentityModel()) == LIMITS
    assert ContactRules.of(IdentityModel()) == ContactRules()
