"""Applies the user's unlinks: two references that the user has separated are not connected by evidence.

Only the components with such references are walked, in plain Python. All other components stay in arrays.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.identity.components import Codes, smallest_members

Graph = dict[int, list[tuple[int, int]]]
"""For each node its neighbours, each with the position of the link."""


def removed_links(
    n_nodes: int, one: Codes, other: Codes, is_evidence: NDArray[np.bool_], unlinks: Sequence[tuple[int, int]]
) -> NDArray[np.int64]:
    """The positions of the links that the unlinks remove.

    The unlinks are applied in their order. For `A, B`, each link of evidence is removed between A and a node that is
    connected with B without passing through A. So A and B are separate, unless links of the user connect them.

    Args:
        n_nodes: The number of nodes.
        one: One end of each link.
        other: The other end of each link, in the same order.
        is_evidence: Whether a link is evidence, and not a link of the user.
        unlinks: The pairs A, B.
    """
    if not unlinks:
        return np.empty(0, dtype=np.int64)
    component = smallest_members(n_nodes, one, other)
    connected = [(a, b) for a, b in unlinks if a != b and component[a] == component[b]]
    is_concerned = np.zeros(n_nodes, dtype=np.bool_)
    is_concerned[[component[a] for a, _ in connected]] = True
    concerned = np.flatnonzero(is_concerned[component[one]])
    graph: Graph = defaultdict(list)
    ends = zip(concerned.tolist(), one[concerned].tolist(), other[concerned].tolist(), strict=True)
    for position, first, second in ends:
        graph[first].append((second, position))
        graph[second].append((first, position))
    removed: set[int] = set()
    for a, b in connected:
        reached = _reached(graph, b, a)
        cut = {position for node, position in graph[a] if node in reached and is_evidence[position]}
        for node in {node for node, position in graph[a] if position in cut} | {a}:
            graph[node] = [link for link in graph[node] if link[1] not in cut]
        removed |= cut
    return np.array(sorted(removed), dtype=np.int64)


def _reached(graph: Graph, start: int, without: int) -> set[int]:
    """The nodes that are connected with a node, including itself, without passing through another one."""
    reached, waiting = {start}, [start]
    while waiting:
        for node, _ in graph[waiting.pop()]:
            if node != without and node not in reached:
                reached.add(node)
                waiting.append(node)
    return reached
