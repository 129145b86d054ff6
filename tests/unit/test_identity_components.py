"""Connected components: every node is named by the smallest node that it can reach."""

from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.identity.components import connected_components, smallest_members
from tests.unit.identity_brute_force import components

Links = list[tuple[int, int]]
some_links = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=14)


def smallest(n_nodes: int, links: Links) -> list[int]:
    ends = np.array(links, dtype=np.int32).reshape(-1, 2)
    return smallest_members(n_nodes, ends[:, 0], ends[:, 1]).tolist()


@given(some_links)
def test_components_are_those_of_a_union_find(links: Links) -> None:
    nodes = [("n", f"{number:02}") for number in range(12)]
    root = components(nodes, [(nodes[one], nodes[other]) for one, other in links])
    expected = [min(at for at, node in enumerate(nodes) if root[node] == root[own]) for own in nodes]
    assert smallest(12, links) == expected


@given(some_links, st.randoms(use_true_random=False))
def test_the_order_and_the_direction_of_links_do_not_matter(links: Links, random: Random) -> None:
    mixed = [(other, one) if random.random() < 0.5 else (one, other) for one, other in links]
    random.shuffle(mixed)
    assert smallest(12, mixed) == smallest(12, links)


def test_a_chain_of_many_links_is_one_component() -> None:
    links = [(at + 1, at) for at in range(50_000)]
    assert set(smallest(50_001, links)) == {0}


def test_nodes_without_links_are_their_own_component() -> None:
    assert smallest(3, []) == [0, 1, 2]
    assert smallest(0, []) == []


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some_links)
def test_texts_have_the_component_of_their_codes(tmp_path: Path, links: Links) -> None:
    one, other = [f"{a:02}" for a, _ in links], [f"{b:02}" for _, b in links]
    table = connected_components(pa.array(one, pa.string()), pa.array(other, pa.string()), tmp_path)
    codes = smallest(12, links)
    expected = {f"{at:02}": f"{codes[at]:02}" for at in range(12) if f"{at:02}" in one + other}
    assert dict(zip(*table.to_pydict().values(), strict=True)) == expected
    assert table.column("node").to_pylist() == sorted(expected)


def test_a_link_with_null_links_nothing(tmp_path: Path) -> None:
    table = connected_components(pa.array(["a", "b", None]), pa.array([None, "c", "d"]), tmp_path)
    assert list(zip(*table.to_pydict().values(), strict=True)) == [("a", "a"), ("b", "b"), ("c", "b"), ("d", "d")]
