"""Applies the user's unlinks: two references that the user has separated are not connected by evidence.

Each unlink concerns the links of one component. All other components stay as they are.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.identity.components import Codes, smallest_members


def removed_links(
    n_nodes: int, one: Codes, other: Codes, is_evidence: NDArray[np.bool_], unlinks: Sequence[tuple[int, int]]
) -> NDArray[np.bool_]:
    """Whether the unlinks remove each link.

    The unlinks are applied in their order. For `A, B`, each link of evidence is removed between A and a node that is
    connected with B without passing through A. So A and B are separate, unless links of the user connect them.

    Args:
        n_nodes: The number of nodes.
        one: One end of each link.
        other: The other end of each link, in the same order.
        is_evidence: Whether a link is evidence, and not a link of the user.
        unlinks: The pairs A, B.
    """
    is_removed = np.zeros(one.size, dtype=np.bool_)
    if not unlinks:
        return is_removed
    component = smallest_members(n_nodes, one, other)
    connected = [(a, b) for a, b in unlinks if a != b and component[a] == component[b]]
    positions = _positions(component[one], {int(component[a]) for a, _ in connected})
    for a, b in connected:
        at = positions[int(component[a])]
        at = at[~is_removed[at]]
        nodes, codes = np.unique(np.concatenate([one[at], other[at], [a, b]]), return_inverse=True)
        first, second = codes[: at.size].astype(np.int32), codes[at.size : -2].astype(np.int32)
        own, partner = codes[-2:]
        is_own = (first == own) | (second == own)
        reached = smallest_members(nodes.size, first[~is_own], second[~is_own])
        neighbour = np.where(first == own, second, first)
        is_removed[at[is_own & is_evidence[at] & (reached[neighbour] == reached[partner])]] = True
    return is_removed


def _positions(component: Codes, wanted: set[int]) -> dict[int, NDArray[np.int64]]:
    """The positions of the links of each wanted component.

    Args:
        component: The component of each link.
        wanted: The components.
    """
    concerned = np.flatnonzero(np.isin(component, sorted(wanted)))
    concerned = concerned[np.argsort(component[concerned], kind="stable")]
    names, starts = np.unique(component[concerned], return_index=True)
    return dict(zip(names.tolist(), np.split(concerned, starts[1:]), strict=True)) if names.size else {}
