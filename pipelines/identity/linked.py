"""Finds the references of one person in landed customer records."""

from collections.abc import Iterable

import duckdb

Ref = tuple[str, str]
"""Source and reference."""

# Every link in both directions, then all references that can be reached through links.
_LINKED = """
    with recursive links as materialized (
        select source, customer_ref as ref, person_ref as linked_ref
        from customers
        where person_ref <> customer_ref
        union
        select source, person_ref as ref, customer_ref as linked_ref
        from customers
        where person_ref <> customer_ref
    ),

    linked as (
        select unnest($sources::varchar[]) as source, unnest($refs::varchar[]) as ref
        union
        select links.source, links.linked_ref
        from linked
        inner join links on linked.source = links.source and linked.ref = links.ref
    )

    select source, ref from linked
"""


def linked_refs(connection: duckdb.DuckDBPyConnection, refs: Iterable[Ref]) -> set[Ref]:
    """The given references and all references that are linked with them, over any number of steps.

    Args:
        connection: Has a relation `customers` (source, customer_ref, person_ref) with every version of every record.
        refs: The references to begin with.
    """
    pairs = sorted(refs)
    found = connection.execute(
        _LINKED, {"sources": [source for source, _ in pairs], "refs": [ref for _, ref in pairs]}
    ).fetchall()
    return {(source, ref) for source, ref in found}
