"""The links around a few references: which are left by unlinks, and the shortest chain between two nodes."""

import random
from pathlib import Path
from tempfile import gettempdir
from typing import Literal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity import resolve
from pipelines.identity.graph import Link, Unlink, connected, separating, shortest_path, without_unlinked

NODES = "abcdef"


def link(pair: str, decision: str = "") -> Link:
    return Link("decision" if decision else "person_ref", pair[0], pair[1], decision)


links_of_nodes = st.lists(
    st.builds(link, st.permutations(NODES).map(lambda found: "".join(found[:2])), st.sampled_from(["", "", "d1"])),
    max_size=12,
).map(tuple)
unlinks_of_nodes = st.lists(st.permutations(NODES).map(lambda found: Unlink(found[0], found[1], "d9")), max_size=3)


def test_the_chain_has_the_fewest_links() -> None:
    links = [link("ab"), link("bc"), link("cd"), link("ae"), link("ed")]
    path = shortest_path(links, "a", "d")
    assert path == (link("ae"), link("ed"))
    assert shortest_path(links, "d", "a") == (link("ed"), link("ae"))
    assert shortest_path(links, "a", "f") is None


def test_an_unlink_removes_the_evidence_on_every_way_between_the_two() -> None:
    # b is beside c, and both have the contact x of a; d is beside a on its own
    links = [link("ax"), link("bx"), link("cb"), link("ac"), link("ad")]
    left = without_unlinked(links, [Unlink("a", "b", "d1")])
    assert connected(left, "a") == {"a", "d"}
    assert connected(left, "b") == {"b", "c", "x"}


def test_a_link_of_the_user_stays_in_spite_of_an_unlink() -> None:
    links = [link("ab"), link("ab", "d1")]
    assert without_unlinked(links, [Unlink("a", "b", "d2")]) == (link("ab", "d1"),)


def test_the_unlink_that_separates_two_is_named_and_others_are_not() -> None:
    links = [link("ab"), link("bc"), link("cd")]
    unlinks = [Unlink("a", "b", "d1"), Unlink("d", "c", "d2")]
    assert separating(links, unlinks, "a", "c") == ("d1",)
    assert separating(links, unlinks, "b", "d") == ("d2",)
    assert separating(links, unlinks, "a", "d") == ("d1", "d2")
    assert separating(links, unlinks, "a", "f") == ()


@given(links=links_of_nodes, unlinks=unlinks_of_nodes)
def test_the_two_of_the_last_unlink_are_separate_unless_the_user_linked(
    links: tuple[Link, ...], unlinks: list[Unlink]
) -> None:
    left = without_unlinked(links, unlinks)
    assert set(left) <= set(links)
    for unlink in unlinks:
        users = [one for one in links if one.decision]
        if not users:
            assert unlink.other not in connected(left, unlink.one)


@given(links=links_of_nodes)
def test_a_chain_exists_if_and_only_if_two_are_connected_and_every_link_continues_it(links: tuple[Link, ...]) -> None:
    path = shortest_path(links, "a", "b")
    assert (path is not None) == ("b" in connected(links, "a"))
    node = "a"
    for one in path or ():
        assert node in (one.one, one.other)
        node = one.across(node)
    assert path is None or node == "b"


@given(links=links_of_nodes, seed=st.randoms())
def test_the_order_of_links_does_not_change_the_chain(links: tuple[Link, ...], seed: random.Random) -> None:
    shuffled = list(links)
    seed.shuffle(shuffled)
    assert shortest_path(shuffled, "a", "b") == shortest_path(links, "a", "b")


evidence = st.one_of(
    st.tuples(st.just("person_ref"), st.sampled_from(NODES), st.sampled_from(NODES)).filter(
        lambda one: one[1] != one[2]
    ),
    st.tuples(st.just("email"), st.sampled_from(NODES), st.sampled_from(["x", "y"])),
)
decided = st.tuples(st.sampled_from(["link", "unlink"]), st.permutations(NODES).map(lambda found: found[:2]))


@settings(max_examples=60)
@given(edges=st.lists(evidence, min_size=1, max_size=10, unique=True), decisions=st.lists(decided, max_size=4))
def test_the_explanation_finds_the_same_customers_as_the_build(
    edges: list[tuple[str, str, str]], decisions: list[tuple[Literal["link", "unlink"], list[str]]]
) -> None:
    columns = ("kind", "source", "node", "other_node")
    table = pa.Table.from_pylist(
        [dict(zip(columns, (kind, "s", node, other), strict=True)) for kind, node, other in edges],
        schema=pa.schema([(name, pa.string()) for name in columns]),
    )
    limits = resolve.Limits(max_refs_of_email=100, max_refs_of_phone=100)
    users = [resolve.Decision(action, one, other) for action, (one, other) in decisions]
    built = resolve.resolve(table, users, limits, Path(gettempdir())).components
    component = dict(zip(built["node"].to_pylist(), built["component"].to_pylist(), strict=True))
    links = [Link(kind, node, other) for kind, node, other in edges]
    links += [
        Link("decision", one, other, f"d{n}") for n, (action, (one, other)) in enumerate(decisions) if action == "link"
    ]
    unlinks = [Unlink(one, other, f"d{n}") for n, (action, (one, other)) in enumerate(decisions) if action == "unlink"]
    left = without_unlinked(links, unlinks)
    for one in NODES:
        same = {other for other in NODES if component.get(other, other) == component.get(one, one)}
        assert connected(left, one) & set(NODES) == same
