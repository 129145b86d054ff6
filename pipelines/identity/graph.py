"""The links around a few references as a small graph: which nodes are connected, and over which links.

Pure functions. A node is the pseudonym of a reference, or the identifier of an e-mail or phone. resolve.py does the
same for all references at once.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Link:
    """A link between two nodes.

    Attributes:
        kind: `person_ref`, `email`, `phone`, or `decision` for a link of the user.
        one: The reference whose row is the evidence; for a decision, its first reference.
        other: The reference or the identifier that it is linked with.
        decision: The id of the user's decision; empty for evidence.
    """

    kind: str
    one: str
    other: str
    decision: str = ""

    def across(self, node: str) -> str:
        """The node at the other end."""
        return self.other if node == self.one else self.one


@dataclass(frozen=True)
class Unlink:
    """A user's decision that two references are not the same customer, with its id."""

    one: str
    other: str
    decision: str


def connected(links: Iterable[Link], start: str, *, avoid: str | None = None) -> frozenset[str]:
    """The nodes that can be reached from a node, including itself, without passing through `avoid`."""
    beside = _by_node(links)
    found, left = {start}, [start]
    while left:
        node = left.pop()
        for link in beside.get(node, ()):
            next_node = link.across(node)
            if next_node not in found and next_node != avoid:
                found.add(next_node)
                left.append(next_node)
    return frozenset(found)


def without_unlinked(links: Iterable[Link], unlinks: Iterable[Unlink]) -> tuple[Link, ...]:
    """The links that the unlinks leave, in the order in which the unlinks were recorded.

    `unlink A B` removes the evidence between A and every node that is connected with B without passing through A. The
    user's links stay.
    """
    kept = tuple(links)
    for unlink in unlinks:
        side = connected(kept, unlink.other, avoid=unlink.one)
        kept = tuple(
            link
            for link in kept
            if link.decision or unlink.one not in (link.one, link.other) or link.across(unlink.one) not in side
        )
    return kept


def shortest_path(links: Iterable[Link], start: str, end: str) -> tuple[Link, ...] | None:
    """The fewest links that connect two nodes, in order from the start; None if nothing connects them."""
    beside = _by_node(links)
    came_by: dict[str, tuple[str, Link]] = {}
    left = deque([start])
    while left and end not in came_by:
        node = left.popleft()
        for link in beside.get(node, ()):
            next_node = link.across(node)
            if next_node != start and next_node not in came_by:
                came_by[next_node] = (node, link)
                left.append(next_node)
    if end not in came_by:
        return None
    path: list[Link] = []
    node = end
    while node != start:
        node, link = came_by[node]
        path.append(link)
    return tuple(reversed(path))


def separating(links: Sequence[Link], unlinks: Sequence[Unlink], one: str, other: str) -> tuple[str, ...]:
    """The ids of the unlinks that keep two nodes apart.

    These are the unlinks without which, one at a time, the two would be connected. If several unlinks separate them
    together, these are all unlinks of references that would be connected with them.
    """
    if other not in connected(links, one):
        return ()
    alone = tuple(
        unlink.decision
        for unlink in unlinks
        if other in connected(without_unlinked(links, [rest for rest in unlinks if rest is not unlink]), one)
    )
    nodes = connected(links, one)
    return alone or tuple(unlink.decision for unlink in unlinks if {unlink.one, unlink.other} <= nodes)


def _by_node(links: Iterable[Link]) -> Mapping[str, list[Link]]:
    beside: dict[str, list[Link]] = {}
    for link in sorted(links):
        for node in (link.one, link.other):
            beside.setdefault(node, []).append(link)
    return beside
