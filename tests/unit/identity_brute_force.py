"""The rules of identity once more, in plain Python on sets. It is slow and easy to read; tests compare with it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pipelines.identity.resolve import Decision, Limits

Edge = tuple[str, str, str, str]
"""Kind, source, node, other node."""
Node = tuple[str, str]
"""Kind (`ref`, `email`, `phone`) and text."""
Blocked = tuple[str, str, int, str]
"""Kind, identifier, number of references, reason."""


def components(nodes: Iterable[Node], links: Iterable[tuple[Node, Node]]) -> dict[Node, Node]:
    """A root for each node, by union-find."""
    parent = {node: node for node in nodes}

    def root(node: Node) -> Node:
        while parent[node] != node:
            node = parent[node]
        return node

    for one, other in links:
        parent[root(one)] = root(other)
    return {node: root(node) for node in parent}


def resolved(
    edges: Sequence[Edge], decisions: Sequence[Decision], limits: Limits
) -> tuple[dict[str, str], set[Blocked]]:
    """The component of each reference of a person with at least two, and the blocked identifiers."""
    evidence = {
        (source, ("ref", node), ("ref" if kind == "person_ref" else kind, other)) for kind, source, node, other in edges
    }
    users = {(("ref", one.one), ("ref", one.other)) for one in decisions if one.action == "link"}
    nodes = {node for _, one, other in evidence for node in (one, other)}
    nodes |= {("ref", text) for one in decisions for text in (one.one, one.other)}

    contacts = {node for _, _, node in evidence if node[0] != "ref"}
    listed = {node for node in contacts if node[1] in limits.block_list}
    counted = [(one, other) for _, one, other in evidence if other[0] == "ref"] + list(users)
    too_many: set[Node] = set()
    for kind, most in (("email", limits.max_refs_of_email), ("phone", limits.max_refs_of_phone)):
        root = components(nodes, counted)
        customers: dict[tuple[Node, str], set[Node]] = defaultdict(set)
        for source, one, other in evidence:
            if other[0] == kind:
                customers[other, source].add(root[one])
        too_many |= {node for (node, _), found in customers.items() if len(found) > most}
        counted += [(one, other) for _, one, other in evidence if other[0] == kind and other not in too_many | listed]
    blocked = {
        (*node, len({one for _, one, other in evidence if other == node}), reason)
        for found, reason in ((listed, "block_list"), (too_many - listed, "too_many_references"))
        for node in found
    }
    kept = {(one, other) for _, one, other in evidence if other not in too_many | listed}

    for a, b in ((("ref", one.one), ("ref", one.other)) for one in decisions if one.action == "unlink"):
        if a != b:
            rest = [link for link in kept | users if a not in link]
            root = components(nodes, rest)
            kept = {
                (one, other)
                for one, other in kept
                if not (one == a and root[other] == root[b]) and not (other == a and root[one] == root[b])
            }

    root = components(nodes, kept | users)
    persons: dict[Node, list[str]] = defaultdict(list)
    for node, top in root.items():
        if node[0] == "ref":
            persons[top].append(node[1])
    return {ref: min(refs) for refs in persons.values() if len(refs) > 1 for ref in refs}, blocked
