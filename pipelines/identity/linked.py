"""Finds the references of one person over all landed rows, of every version.

The links are those of the build: `person_ref`, e-mails and phones in normal form, guests by e-mail, and the user's
decisions. The build uses the rows that count on one day; this module uses every row that ever landed. resolve.py has
the rules for both. Only what can be reached from the person is read, so the graph is small.

The result is the same as with the whole graph. First everything that can be reached without unlinks is collected: an
unlink only removes links. For each e-mail, all references that have it are collected, and everything that is declared
about them. This decides whether too many references share it. For a phone, references that are linked with these by
e-mail are collected too. Then the rules are applied to the collected part of the graph, with unlinks.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from pipelines.identity.contacts import Kind, kind_of
from pipelines.identity.decisions import Action, Decision, in_force
from pipelines.identity.landed_contacts import LandedContacts, Ref, is_guest
from pipelines.identity.resolve import Decision as ResolvedDecision
from pipelines.identity.resolve import Limits, Resolved, resolve

_ACTIONS: Mapping[Action, Literal["link", "unlink"]] = {Action.LINK: "link", Action.UNLINK: "unlink"}

_KINDS: tuple[Kind, ...] = ("email", "phone")
_BY_EMAIL: tuple[Kind, ...] = ("email",)

ASKED, PERSON_REF, DECISION = "asked", "person_ref", "decision"

# Every person_ref in both directions, then all links that can be reached.
_DECLARED = """
    with recursive links as materialized (
        select source, customer_ref as ref, coalesce(person_source, source) as other_source, person_ref as other_ref
        from customers
        where person_ref is not null and customer_ref is not null
        union
        select coalesce(person_source, source), person_ref, source, customer_ref
        from customers
        where person_ref is not null and customer_ref is not null
    ),

    linked as (
        select unnest($sources::varchar[]) as source, unnest($refs::varchar[]) as ref
        union
        select links.other_source, links.other_ref
        from linked
        inner join links on linked.source = links.source and linked.ref = links.ref
    )

    select links.source, links.ref, links.other_source, links.other_ref
    from linked
    inner join links on linked.source = links.source and linked.ref = links.ref
    where links.source <> links.other_source or links.ref <> links.other_ref
"""


@dataclass(frozen=True)
class Member:
    """A reference of a person, and the link by which it was found.

    Attributes:
        ref: The reference, or a guest (see landed_contacts.py).
        kind: `asked`, `person_ref`, `email`, `phone` or `decision`.
        contact: The normal form of the e-mail or phone; empty for other kinds.
    """

    ref: Ref
    kind: str
    contact: str = ""


@dataclass(frozen=True)
class Rules:
    """What decides about links, beside the rows.

    Attributes:
        limits: How many customers of one source an e-mail or phone may have.
        spill: The folder for data that does not fit into memory.
        decisions: All entries of the user.
    """

    limits: Limits
    spill: Path
    decisions: Sequence[Decision] = ()


def find_members(
    connection: duckdb.DuckDBPyConnection, contacts: LandedContacts, asked: Collection[Ref], rules: Rules
) -> list[Member]:
    """The given references and all that are the same person as one of them.

    Args:
        connection: Has a relation `customers` with every version of every record.
        contacts: The contacts of the same rows.
        asked: The references and guests to begin with.
        rules: The limits and the user's decisions.

    Returns:
        The members in the order in which links lead to them, those asked for first.
    """
    graph = _Graph(connection, contacts, rules)
    graph.collect(asked)
    return graph.members(asked)


def find_once_joined(
    connection: duckdb.DuckDBPyConnection, contacts: LandedContacts, asked: Collection[Ref], rules: Rules
) -> set[Ref]:
    """The given references and all that earlier builds may have joined with them, whatever was decided since.

    No unlink and no block list counts, and each link of the user counts, also if it was undone later. The limits are
    those of today.

    Args:
        connection: Has a relation `customers` with every version of every record.
        contacts: The contacts of the same rows.
        asked: The references and guests to begin with.
        rules: The limits and the user's decisions.
    """
    ever_linked = [entry for entry in rules.decisions if entry.action is Action.LINK]
    graph = _Graph(connection, contacts, replace(rules, decisions=ever_linked), with_blocked=True)
    graph.collect(asked)
    return {member.ref for member in graph.members(asked)}


def declared_links(connection: duckdb.DuckDBPyConnection, refs: Iterable[Ref]) -> set[tuple[Ref, Ref]]:
    """Every link by person_ref that can be reached from some references.

    Args:
        connection: Has a relation `customers` (source, customer_ref, person_source, person_ref).
        refs: The references to begin with.
    """
    pairs = sorted(set(refs))
    rows = connection.execute(
        _DECLARED, {"sources": [source for source, _ in pairs], "refs": [ref for _, ref in pairs]}
    ).fetchall()
    links = ((((one_source, one), (other_source, other))) for one_source, one, other_source, other in rows)
    return {(min(pair), max(pair)) for pair in links}


class _Graph:
    """The part of the graph that can be reached from a person. Nodes are references, and contacts in normal form."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        contacts: LandedContacts,
        rules: Rules,
        *,
        with_blocked: bool = False,
    ) -> None:
        self._connection = connection
        self._with_blocked = with_blocked
        self._contacts = contacts
        self._rules = rules
        self._decisions = [entry for entry in in_force(rules.decisions) if entry.one and entry.other]
        self._user_links = {
            (entry.one.pair, entry.other.pair)
            for entry in self._decisions
            if entry.action is Action.LINK and entry.one and entry.other
        }
        self._declared: set[tuple[Ref, Ref]] = set()
        self._holders: dict[str, set[Ref]] = {}
        self._known: set[Ref] = set()
        self._with_emails: set[Ref] = set()

    def collect(self, asked: Collection[Ref]) -> None:
        """Collect everything that can be reached if no unlink counts."""
        self._declare(asked)
        person, done = set(asked), set[Ref]()
        while fresh := person - done:
            done |= fresh
            self._collect_by_email(fresh)
            # customers that an e-mail joins count once for a phone, so the e-mails of all its holders are needed
            self._collect_by_email(self._expand(fresh, "phone"))
            person = self._component(asked, _KINDS)

    def _collect_by_email(self, refs: Collection[Ref]) -> None:
        person = set(refs)
        while fresh := person - self._with_emails:
            self._with_emails |= fresh
            self._expand(fresh, "email")
            person = self._component(refs, _BY_EMAIL)

    def _expand(self, refs: Collection[Ref], kind: Kind) -> set[Ref]:
        """Add the contacts of some references, with everybody who has them. Returns who has them."""
        stated = {contact.form for contact in self._contacts.of(refs) if contact.kind == kind and contact.form}
        is_blocked = self._contacts.rules.is_blocked
        forms = {form for form in stated if self._with_blocked or not is_blocked(kind, form)} - self._holders.keys()
        self._holders |= {form: set() for form in forms}
        for contact in self._contacts.with_forms(forms):
            if contact.ref is not None and contact.form is not None:
                self._holders[contact.form].add(contact.ref)
        holders = {ref for form in forms for ref in self._holders[form]}
        self._declare(holders)
        return holders

    def members(self, asked: Collection[Ref]) -> list[Member]:
        """The component of the references asked for, each member with the first link that leads to it."""
        resolved = self._resolved(_KINDS, with_unlinks=True)
        component = _component(resolved, asked)
        blocked = set(resolved.blocked.column("identifier").to_pylist())
        beside: dict[Ref, list[tuple[Ref, str, str]]] = defaultdict(list)
        for kind, pairs in ((PERSON_REF, self._declared), (DECISION, self._user_links)):
            for one, other in pairs:
                beside[one].append((other, kind, ""))
                beside[other].append((one, kind, ""))
        of: dict[Ref, list[str]] = defaultdict(list)
        for form, refs in self._holders.items():
            for ref in refs if form not in blocked else ():
                of[ref].append(form)
        found = {ref: Member(ref, ASKED) for ref in sorted(asked)}
        queue = deque(found)
        while queue:
            ref = queue.popleft()
            shared = [(other, kind_of(form), form) for form in of[ref] for other in self._holders[form]]
            for other, kind, form in sorted({*beside[ref], *shared}):
                if other in component and other not in found:
                    found[other] = Member(other, kind, form)
                    queue.append(other)
        return list(found.values())

    def _declare(self, refs: Iterable[Ref]) -> None:
        """Add everything that is declared about some references: links by person_ref and by the user."""
        todo = set(refs) - self._known
        while todo:
            links = declared_links(self._connection, (pair for pair in todo if not is_guest(pair[1])))
            self._declared |= links
            self._known |= todo | {ref for link in links for ref in link}
            todo = {ref for link in self._user_links if self._known & {*link} for ref in link} - self._known

    def _component(self, refs: Collection[Ref], kinds: Collection[Kind]) -> set[Ref]:
        """What is connected with some references by declared links and some kinds of contacts, without unlinks."""
        return _component(self._resolved(kinds, with_unlinks=False), refs)

    def _resolved(self, kinds: Collection[Kind], *, with_unlinks: bool) -> Resolved:
        edges = [(PERSON_REF, one[0], _node(one), _node(other)) for one, other in sorted(self._declared)]
        for form, refs in sorted(self._holders.items()):
            if (kind := kind_of(form)) in kinds:
                edges += [(kind, ref[0], _node(ref), form) for ref in sorted(refs)]
        columns = zip(*edges, strict=True) if edges else ((), (), (), ())
        arrays = (pa.array(list(column), pa.string()) for column in columns)
        table = pa.table(dict(zip(("kind", "source", "node", "other_node"), arrays, strict=True)))
        decisions = [
            ResolvedDecision(_ACTIONS[entry.action], _node(entry.one.pair), _node(entry.other.pair))
            for entry in self._decisions
            if entry.one and entry.other and (with_unlinks or entry.action is Action.LINK)
        ]
        return resolve(table, decisions, self._rules.limits, self._rules.spill)


def _component(resolved: Resolved, refs: Collection[Ref]) -> set[Ref]:
    nodes = resolved.components.column("node").to_pylist()
    components = dict(zip(nodes, resolved.components.column("component").to_pylist(), strict=True))
    wanted = {components[node] for node in map(_node, refs) if node in components}
    return {*refs, *(_ref(node) for node, component in components.items() if component in wanted)}


def _node(ref: Ref) -> str:
    return "\x1e".join(ref)


def _ref(node: str) -> Ref:
    source, _, ref = node.partition("\x1e")
    return source, ref
