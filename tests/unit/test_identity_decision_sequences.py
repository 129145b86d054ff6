"""Any sequence of links, unlinks and undos: what is in force, and which references are one customer then."""

from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.base.errors import ConfigError
from pipelines.identity import decisions as user
from pipelines.identity.resolve import Decision, Limits, resolve
from tests.unit.identity_brute_force import Edge, resolved

REFS = "abcde"
EVIDENCE: list[Edge] = [("email", "shop", "a", "x"), ("email", "crm", "b", "x"), ("person_ref", "shop", "c", "b")]
EDGES = pa.table(dict(zip(("kind", "source", "node", "other_node"), zip(*EVIDENCE, strict=True), strict=True)))

pairs = st.tuples(st.sampled_from(REFS), st.sampled_from(REFS)).filter(lambda pair: pair[0] != pair[1])
steps = st.one_of(
    st.tuples(st.sampled_from([user.Action.LINK, user.Action.UNLINK]), pairs),
    st.tuples(st.just(user.Action.UNDO), st.integers(1, 8)),
)


def persons(path: Path, spill: Path) -> dict[str, str]:
    """The component of each linked reference, by the decisions in force; the same as by the rules in plain Python."""
    in_force = [
        Decision("link" if entry.action is user.Action.LINK else "unlink", entry.one.ref, entry.other.ref)
        for entry in user.in_force(user.read_decisions(path))
        if entry.one and entry.other
    ]
    found = resolve(EDGES, in_force, Limits(), spill).components
    components = dict(zip(found["node"].to_pylist(), found["component"].to_pylist(), strict=True))
    assert components == resolved(EVIDENCE, in_force, Limits())[0]
    return components


def joined(links: list[frozenset[str]]) -> set[frozenset[str]]:
    """Every pair that links join, over any number of steps."""
    groups = [{ref} for ref in REFS]
    for link in links:
        touched = [group for group in groups if group & link]
        groups = [group for group in groups if not group & link] + [set().union(*touched)]
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def contradicts(
    expected: dict[str, tuple[user.Action, frozenset[str]]], action: user.Action, pair: tuple[str, str]
) -> bool:
    """Whether links join what an unlink separates, if this decision is added."""
    links = [refs for what, refs in expected.values() if what is user.Action.LINK]
    unlinks = {refs for what, refs in expected.values() if what is user.Action.UNLINK}
    if action is user.Action.UNLINK:
        return frozenset(pair) in joined(links)
    return bool(joined([*links, frozenset(pair)]) & unlinks)


@settings(max_examples=15)
@given(st.lists(steps, max_size=8))
def test_the_decisions_in_force_decide_and_undoing_all_of_them_leaves_the_evidence(
    tmp_path_factory: pytest.TempPathFactory, commands: list[tuple[user.Action, tuple[str, str] | int]]
) -> None:
    folder = tmp_path_factory.mktemp("decisions")
    path = folder / "decisions.jsonl"
    before = persons(path, folder)
    expected: dict[str, tuple[user.Action, frozenset[str]]] = {}
    n_entries = 0
    for action, what in commands:
        is_refused = False
        try:
            if isinstance(what, int):
                user.undo_decision(path, f"d{what}", by="ops")
            else:
                user.add_decision(path, action, ("shop", what[0]), ("shop", what[1]), "seen", by="ops")
        except ConfigError:
            is_refused = True
        if isinstance(what, int):
            assert is_refused == (f"d{what}" not in expected)
            expected.pop(f"d{what}", None)
        else:
            is_decided = frozenset(what) in {pair for _, pair in expected.values()}
            assert is_refused == (is_decided or contradicts(expected, action, what))
            if not is_refused:
                expected[f"d{n_entries + 1}"] = (action, frozenset(what))
        n_entries += not is_refused
    found = {entry.id: (entry.action, entry.refs) for entry in user.in_force(user.read_decisions(path))}
    assert found == {name: (action, {("shop", ref) for ref in pair}) for name, (action, pair) in expected.items()}
    persons(path, folder)
    for name in expected:
        user.undo_decision(path, name, by="ops")
    assert persons(path, folder) == before == {"a": "a", "b": "a", "c": "a"}


def test_a_pair_can_be_unlinked_after_its_link_and_linked_after_its_unlink(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    seen = []
    for pair, action in (("ad", user.Action.LINK), ("ab", user.Action.UNLINK), ("ab", user.Action.LINK)):
        for entry in user.in_force(user.read_decisions(path)):
            if entry.refs == {("shop", ref) for ref in pair}:
                user.undo_decision(path, entry.id, by="ops")
        user.add_decision(path, action, ("shop", pair[0]), ("shop", pair[1]), "seen", by="ops")
        seen.append(persons(path, tmp_path))
    one = dict.fromkeys("abcd", "a")
    assert seen == [one, {"a": "a", "d": "a", "b": "b", "c": "b"}, one]


def test_a_decision_that_links_contradict_over_other_references_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"

    def add(action: user.Action, pair: str) -> None:
        user.add_decision(path, action, ("shop", pair[0]), ("shop", pair[1]), "seen", by="ops")

    for pair in ("ab", "bc"):
        add(user.Action.LINK, pair)
    with pytest.raises(ConfigError, match=r"joined by links in force: d1, d2"):
        add(user.Action.UNLINK, "ac")
    user.undo_decision(path, "d2", by="ops")
    add(user.Action.UNLINK, "ac")
    with pytest.raises(ConfigError, match="that d4 keeps apart"):
        add(user.Action.LINK, "bc")
    add(user.Action.LINK, "cd")
