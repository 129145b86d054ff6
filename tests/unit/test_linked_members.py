"""Who belongs to a person over all landed rows: the rules of resolve.py for the whole graph, read step by step."""

import random
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines.base.entities import ENTITIES
from pipelines.identity.contacts import ContactRules
from pipelines.identity.decisions import Action, Decision, Reference
from pipelines.identity.landed_contacts import GUEST, LandedContacts, Ref
from pipelines.identity.linked import Rules, find_members
from pipelines.identity.resolve import Decision as ResolvedDecision
from pipelines.identity.resolve import Limits, resolve

SOURCES = ("a", "b", "c")
LIMITS = Limits(max_refs_of_email=2, max_refs_of_phone=1)


def decision(number: int, action: Action, one: Ref, other: Ref) -> Decision:
    pair = [Reference(source=source, ref=ref) for source, ref in (one, other)]
    return Decision(
        id=f"d{number}", at=datetime(2024, 1, 1, tzinfo=UTC), by="me", action=action, one=pair[0], other=pair[1]
    )


def persons_of_the_whole_graph(
    edges: list[tuple[str, str, str, str]], decisions: list[Decision]
) -> dict[str, set[str]]:
    names = ("kind", "source", "node", "other_node")
    table = pa.table({name: pa.array([edge[n] for edge in edges], pa.string()) for n, name in enumerate(names)})
    pairs = [
        ResolvedDecision(
            "link" if one.action is Action.LINK else "unlink", ":".join(one.one.pair), ":".join(one.other.pair)
        )
        for one in decisions
        if one.one and one.other
    ]
    found: dict[str, set[str]] = defaultdict(set)
    for row in resolve(table, pairs, LIMITS, Path(".tmp")).components.to_pylist():
        found[row["component"]].add(row["node"])
    return {node: group for group in found.values() for node in group}


@pytest.mark.parametrize("seed", range(4))
def test_members_are_those_of_the_whole_graph_in_any_graph(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    refs = [(source, f"r{number}") for source in SOURCES for number in range(12)]
    connection = duckdb.connect()
    for name, entity in ENTITIES.items():
        columns = ", ".join(f"{column} varchar" for column in ("source", *entity.columns))
        connection.execute(f"create table {name} ({columns})")
    edges: list[tuple[str, str, str, str]] = []
    for source, ref in refs:
        email = f"e{chance.randrange(22)}@x.org" if chance.random() < 0.8 else None
        phone = f"+44207946{chance.randrange(100, 124):04}" if chance.random() < 0.6 else None
        other = chance.choice(refs) if chance.random() < 0.25 else None
        row = [source, ref, email and email.upper(), phone, *(other or (None, None))]
        connection.execute(
            "insert into customers (source, customer_ref, email, phone, person_source, person_ref)"
            " values (?, ?, ?, ?, ?, ?)",
            row,
        )
        node = f"{source}:{ref}"
        edges += [(kind, source, node, form) for kind, form in (("email", email), ("phone", phone)) if form]
        if other and other != (source, ref):
            edges.append(("person_ref", source, node, ":".join(other)))
    for source in SOURCES:
        email, phone = f"e{chance.randrange(22)}@x.org", f"+44207946{chance.randrange(100, 124):04}"
        connection.execute("insert into orders (source, email, phone) values (?, ?, ?)", [source, email, phone])
        edges += [("email", source, f"{source}:@{email}", email), ("phone", source, f"{source}:@{email}", phone)]
    actions = [Action.LINK, Action.UNLINK, Action.UNLINK, Action.UNLINK]
    decisions = [decision(n + 1, action, *chance.sample(refs, 2)) for n, action in enumerate(actions)]
    expected = persons_of_the_whole_graph(edges, decisions)
    contacts = LandedContacts(connection, ContactRules())
    for ref in chance.sample(refs, 10):
        found = find_members(connection, contacts, [ref], Rules(LIMITS, tmp_path, decisions))
        shown = {f"{source}:{name.replace(GUEST, '@')}" for source, name in (member.ref for member in found)}
        assert shown == expected.get(":".join(ref), {":".join(ref)}), ref
