"""Explains why two references are the same customer, or why not, from the tables of the last build.

Only reads. The result has references, e-mails and phones in clear text: whoever shows it decides what to mask. The
reference of a guest is shown as `@` and the e-mail.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import BuildError
from pipelines.base.text import counted
from pipelines.identity.decisions import Action, Decision, in_force
from pipelines.identity.graph import Link, Unlink, connected, separating, shortest_path, without_unlinked
from pipelines.identity.reasons import Blocked, Elsewhere, Ref, Stated, Step, Why

# All links of the references that are connected with two of them, if no unlink counts.
_LINKS = """
    with recursive usable as materialized (
        select edges.kind, edges.node, edges.other_node, '' as decision
        from intermediate.int_identity_edge as edges
        anti join blocked on edges.kind = blocked.kind and edges.other_node = blocked.identifier
        union all
        select 'decision', node, other_node, decision from decided
    ),

    beside as materialized (
        select node as one, other_node as other from usable
        union
        select other_node, node from usable
    ),

    reached as (
        select unnest($start::varchar[]) as node
        union
        select beside.other from reached inner join beside on reached.node = beside.one
    )

    select distinct usable.kind, usable.node, usable.other_node, usable.decision
    from usable
    inner join reached on usable.node = reached.node
"""
# Every contact that a row of some references states, with its identifier and whether it counts on the as-of day.
_CONTACTS = """
    select distinct
        pseudonyms.customer_key as node,
        contacts.kind,
        contacts.value,
        identifiers.identifier,
        edges.node is not null as is_counted
    from staging.stg_contacts as contacts
    inner join identifiers on contacts.kind = identifiers.kind and contacts.value = identifiers.value
    inner join pseudonyms
        on contacts.source = pseudonyms.source
        and coalesce(contacts.ref, '@' || identifiers.identifier) = pseudonyms.ref
    left join intermediate.int_identity_edge as edges
        on contacts.kind = edges.kind
        and identifiers.identifier = edges.other_node
        and pseudonyms.customer_key = edges.node
    where list_contains($nodes::varchar[], pseudonyms.customer_key)
    order by all
"""
# What records of some references name as their person, in a source of which nothing has landed.
_ELSEWHERE = """
    select distinct pseudonyms.source, pseudonyms.ref, named.person_source, named.person_ref
    from intermediate.int_identity_person_ref as named
    inner join pseudonyms on named.source = pseudonyms.source and named.customer_ref = pseudonyms.ref
    anti join staging.stg_batch as batches on named.person_source = batches.source
    where list_contains($nodes::varchar[], pseudonyms.customer_key)
    order by all
"""


def explain(
    connection: duckdb.DuckDBPyConnection, exchange: Path, decisions: Iterable[Decision], one: Ref, other: Ref
) -> Why:
    """Why two references are the same customer or not.

    Args:
        connection: The warehouse, opened for reading.
        exchange: The folder with the files of the identity step.
        decisions: All entries of the user's decisions.
        one: A reference.
        other: Another reference.

    Raises:
        BuildError: A reference or a table is not part of the last build.
    """
    try:
        return _Explained(connection, exchange, in_force(decisions)).why(one, other)
    except (duckdb.CatalogException, FileNotFoundError) as problem:
        raise BuildError(
            "the last build has no tables of identity, so there is nothing to explain", hint="call `loyalty run` first"
        ) from problem


class _Explained:
    """The tables of the identity step, and the questions about them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, exchange: Path, decisions: Sequence[Decision]) -> None:
        self._connection = connection
        for name in ("identifiers", "pseudonyms", "identity_components", "identity_blocked"):
            path = exchange / f"{name}.parquet"
            if not path.is_file():
                raise FileNotFoundError(path)
            view = name.removeprefix("identity_")
            connection.execute(f"create or replace temp view {view} as from read_parquet({quoting.files(path)})")
        nodes = self._nodes({ref for decision in decisions for ref in decision.refs})
        self._links, self._unlinks = _by_node(decisions, nodes)

    def why(self, one: Ref, other: Ref) -> Why:
        nodes = self._nodes({one, other})
        if missing := [ref for ref in (one, other) if ref not in nodes]:
            raise BuildError(
                f"{counted(len(missing), 'of the two references is', 'of the two references are')} not part of the last"
                " build: the rows landed later, or staging rejected them",
                hint="call `loyalty run`, then see `loyalty quarantine list`",
            )
        start, end = nodes[one], nodes[other]
        shown = self._refs((start, end))
        one, other = shown[start], shown[end]
        before = self._around(start, end)
        links = without_unlinked(before, self._unlinks)
        path = shortest_path(links, start, end)
        is_same = self._is_same(start, end)
        is_current = is_same == (path is not None)
        if path is not None:
            return Why(one, other, is_same, is_current, chain=tuple(self._steps(path, start)))
        sides = connected(links, start), connected(links, end)
        blocked, unusable, later = self._contacts(*sides)
        separated_by = separating(before, self._unlinks, start, end)
        return Why(one, other, is_same, is_current, (), separated_by, blocked, unusable, later, self._elsewhere(*sides))

    def _nodes(self, refs: Iterable[Ref]) -> dict[Ref, str]:
        """The pseudonyms of references that are part of the build."""
        pairs = sorted(refs)
        rows = self._connection.execute(
            "select source, ref, customer_key from pseudonyms inner join (select unnest($sources::varchar[]) as source,"
            " unnest($refs::varchar[]) as ref) using (source, ref)",
            {"sources": [source for source, _ in pairs], "refs": [ref for _, ref in pairs]},
        ).fetchall()
        return {(source, ref): node for source, ref, node in rows}

    def _refs(self, nodes: Iterable[str]) -> dict[str, Ref]:
        """The references of pseudonyms. Identifiers are not among them."""
        rows = self._connection.execute(
            "select customer_key, source, ref from pseudonyms where list_contains($nodes::varchar[], customer_key)",
            {"nodes": sorted(nodes)},
        ).fetchall()
        return {node: (source, self._guest(ref) if ref.startswith("@") else ref) for node, source, ref in rows}

    def _guest(self, ref: str) -> str:
        """The reference of a guest with the e-mail instead of its identifier."""
        return f"@{email}" if (email := self._value("email", ref.removeprefix("@"))) else ref

    def _is_same(self, one: str, other: str) -> bool:
        ((found,),) = self._connection.execute(
            "select count(*) = 2 and count(distinct component) = 1 from components where node in ($one, $other)",
            {"one": one, "other": other},
        ).fetchall()
        return bool(found)

    def _around(self, one: str, other: str) -> tuple[Link, ...]:
        decided = {(link.one, link.other, link.decision) for link in self._links}
        columns = list(zip(*sorted(decided), strict=True)) or [(), (), ()]
        self._connection.execute(
            "create or replace temp table decided as select unnest($one::varchar[]) as node,"
            " unnest($other::varchar[]) as other_node, unnest($ids::varchar[]) as decision",
            {name: list(column) for name, column in zip(("one", "other", "ids"), columns, strict=True)},
        )
        rows = self._connection.execute(_LINKS, {"start": [one, other]}).fetchall()
        return tuple(Link(kind, node, other_node, decision) for kind, node, other_node, decision in rows)

    def _steps(self, path: Sequence[Link], start: str) -> Iterator[Step]:
        """The links of a path; two links over the same e-mail or phone are one step."""
        refs = self._refs({node for link in path for node in (link.one, link.other)})
        node, contact_of = start, ""
        for link in path:
            next_node = link.across(node)
            if next_node not in refs:  # an e-mail or phone: the next link leads to the reference that has it too
                contact_of = node
            elif contact_of:
                value = self._value(link.kind, node)
                yield Step(link.kind, refs[contact_of], refs[next_node], contact=value)
                contact_of = ""
            else:
                yield Step(link.kind, refs[link.one], refs[link.other], decision=link.decision)
            node = next_node

    def _value(self, kind: str, identifier: str) -> str:
        ((value,),) = self._connection.execute(
            "select min(value) from identifiers where kind = $kind and identifier = $identifier",
            {"kind": kind, "identifier": identifier},
        ).fetchall()
        return str(value or "")

    def _elsewhere(self, one: frozenset[str], other: frozenset[str]) -> tuple[Elsewhere, ...]:
        rows = self._connection.execute(_ELSEWHERE, {"nodes": sorted(one | other)}).fetchall()
        return tuple(
            Elsewhere((source, ref), (person_source, person_ref)) for source, ref, person_source, person_ref in rows
        )

    def _contacts(
        self, one: frozenset[str], other: frozenset[str]
    ) -> tuple[tuple[Blocked, ...], tuple[Stated, ...], tuple[Stated, ...]]:
        """What two customers share that is blocked, what has no normal form, and what counts only after the day."""
        refs = self._refs(one | other)
        rows = self._connection.execute(_CONTACTS, {"nodes": sorted(refs)}).fetchall()
        reasons = {
            (kind, identifier): (reason, int(n_refs))
            for kind, identifier, n_refs, reason in self._connection.execute(
                "select kind, identifier, n_refs, reason from blocked"
            ).fetchall()
        }
        unusable = tuple(Stated(refs[node], kind, value) for node, kind, value, identifier, _ in rows if not identifier)
        usable = [row for row in rows if row[3]]
        sides = [
            {(kind, identifier) for node, kind, _, identifier, _ in usable if node in side} for side in (one, other)
        ]
        shared = sides[0] & sides[1]
        blocked = {
            (kind, identifier): Blocked(kind, value, *reasons[kind, identifier])
            for _, kind, value, identifier, _ in usable
            if (kind, identifier) in shared & set(reasons)
        }
        later = tuple(
            Stated(refs[node], kind, value)
            for node, kind, value, identifier, is_counted in usable
            if (kind, identifier) in shared - set(reasons) and not is_counted
        )
        return tuple(blocked.values()), unusable, later


def _by_node(decisions: Iterable[Decision], nodes: dict[Ref, str]) -> tuple[tuple[Link, ...], tuple[Unlink, ...]]:
    """The user's links and unlinks between references that are part of the build."""
    links: list[Link] = []
    unlinks: list[Unlink] = []
    for entry in decisions:
        one, other = (nodes.get(side.pair) if side else None for side in (entry.one, entry.other))
        if one is None or other is None:
            continue
        if entry.action is Action.LINK:
            links.append(Link("decision", one, other, entry.id))
        else:
            unlinks.append(Unlink(one, other, entry.id))
    return tuple(links), tuple(unlinks)
