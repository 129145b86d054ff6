"""Which references are the same person: the components of the links that count.

The links come from dbt (int_identity_edge) and from the user. The rules, in this order:

1. An identifier on the block list links nobody.
2. The declared components are those of `person_ref` and of the user's links.
3. An e-mail that belongs to too many declared components of one source links nobody. References of one declared
   component count once, and each source counts on its own.
4. The same for a phone, but here references that the remaining e-mails connect count once too.
5. The user's unlinks remove links of evidence (unlinks.py).
6. The components of what remains are the persons. A component is named by its smallest pseudonym. The `customer_key` is
   chosen later, in dbt (int_customer_identity).

The result does not depend on the order of rows. Pseudonyms and identifiers become integer codes in DuckDB, which can
spill to disk (links.py); the rules work on arrays of codes.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.base.database import another_connection, connect
from pipelines.base.durable import write_durably
from pipelines.base.errors import BuildError
from pipelines.config.model_identity import IdentityModel
from pipelines.identity.components import Codes, arrays, smallest_members
from pipelines.identity.links import EMAIL, PHONE, PSEUDONYM, CodedLinks, Links, coded_links
from pipelines.identity.pseudonyms import IDENTIFIERS
from pipelines.identity.unlinks import removed_links

COMPONENTS, BLOCKED = "identity_components.parquet", "identity_blocked.parquet"
COMPONENTS_SCHEMA = pa.schema(
    [("node", pa.string()), ("component", pa.string()), ("person_ref_component", pa.string())]
)
BLOCKED_SCHEMA = pa.schema(
    [("kind", pa.string()), ("identifier", pa.string()), ("n_refs", pa.int64()), ("reason", pa.string())]
)
_BATCH_ROWS = 500_000
_TOO_MANY = """
    select distinct identifier
    from (select distinct identifier, source, component from suspect)
    group by identifier, source
    having count(*) > $max_refs
"""
_ON_THE_LIST = (
    "select node.rowid as code from node semi join block_list on node.text = block_list.identifier where node.kind > 0"
)
_BLOCKED = """
    select
        if(node.kind = 1, 'email', 'phone') as kind,
        node.text as identifier,
        count(distinct blocked_link.ref) as n_refs,
        if(node.text in (select identifier from block_list), 'block_list', 'too_many_references') as reason
    from blocked_link
    inner join node on blocked_link.identifier = node.rowid
    group by all
    order by all
"""


@dataclass(frozen=True)
class Decision:
    """A link or an unlink of the user.

    Attributes:
        action: Whether the references are the same person, or not.
        one: The pseudonym of a reference.
        other: The pseudonym of another reference.
    """

    action: Literal["link", "unlink"]
    one: str
    other: str


@dataclass(frozen=True)
class Limits:
    """Which identifiers link nobody.

    Attributes:
        max_refs_of_email: The largest number of customers of one source that an e-mail address can link.
        max_refs_of_phone: The same for a phone number.
        block_list: Identifiers that link nobody.
    """

    max_refs_of_email: int = 10
    max_refs_of_phone: int = 1
    block_list: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: IdentityModel) -> "Limits":
        """The limits of the settings. The block list is that of the file of identifiers."""
        return cls(settings.max_refs_of_email, settings.max_refs_of_phone)


@dataclass(frozen=True)
class Resolved:
    """The result of the rules.

    Attributes:
        components: node, component, person_ref_component: the references of persons with at least two, in the order of
            the nodes. The last column is the component by `person_ref` alone.
        blocked: kind, identifier, n_refs, reason: the identifiers that would link references but link nobody.
    """

    components: pa.Table
    blocked: pa.Table


@dataclass(frozen=True)
class IdentityReport:
    """The result of the step.

    Attributes:
        n_components: The number of persons with at least two references.
        n_references: The number of their references.
        n_blocked: The number of identifiers that link nobody.
    """

    n_components: int
    n_references: int
    n_blocked: int


@dataclass(frozen=True)
class _Solution:
    """The pseudonyms in the order of their codes, the smallest member of each (by all links and by `person_ref`), and
    the codes of persons."""

    texts: pa.LargeStringArray
    smallest: Codes
    by_person_ref: Codes
    members: NDArray[np.int64]
    blocked: pa.Table

    def batches(self) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(self.members), _BATCH_ROWS):
            members = self.members[start : start + _BATCH_ROWS]
            codes = (members, self.smallest[members], self.by_person_ref[members])
            columns = (self.texts.take(pa.array(one)) for one in codes)
            yield pa.record_batch([column.cast(pa.string()) for column in columns], schema=COMPONENTS_SCHEMA)


def resolve(
    edges: pa.Table | Path,
    decisions: Sequence[Decision],
    limits: Limits,
    spill: Path,
    database: duckdb.DuckDBPyConnection | None = None,
) -> Resolved:
    """Apply the rules.

    Args:
        edges: The links of evidence, or their Parquet file: kind (`person_ref`, `email`, `phone`), source, node,
            other_node. `node` is a pseudonym; `other_node` is a pseudonym or, for contacts, an identifier.
        decisions: The user's decisions in force, in the order in which they were recorded.
        limits: Which identifiers link nobody.
        spill: The folder for data that does not fit into memory.
        database: A connection to the database to compute in. By default a new database is opened, which takes longer
            than resolving a few links.
    """
    with another_connection(database) if database else connect(spill=spill) as connection:
        solution = _solve(connection, edges, decisions, limits)
    return Resolved(pa.Table.from_batches(solution.batches(), COMPONENTS_SCHEMA), solution.blocked)


def write_identity(
    edges_parquet: Path, exchange: Path, decisions: Sequence[Decision], limits: Limits
) -> IdentityReport:
    """Write `identity_components.parquet` and `identity_blocked.parquet` (mode 0600) into a folder.

    Args:
        edges_parquet: The links of evidence, as in `resolve`.
        exchange: The folder. Its identifiers.parquet has the block list.
        decisions: The user's decisions in force, in the order in which they were recorded.
        limits: Which identifiers link nobody, in addition to those on the block list.

    Raises:
        BuildError: identifiers.parquet is missing.
    """
    limits = with_block_list(limits, exchange)
    spill = exchange / ".spill"
    try:
        with connect(spill=spill) as connection:
            solution = _solve(connection, edges_parquet, decisions, limits)
    finally:
        shutil.rmtree(spill, ignore_errors=True)

    def write(staged: Path) -> None:
        with pq.ParquetWriter(staged, COMPONENTS_SCHEMA, compression="zstd") as writer:
            for batch in solution.batches():
                writer.write_batch(batch)

    write_durably(exchange / COMPONENTS, write, mode=0o600)
    write_durably(
        exchange / BLOCKED, lambda staged: pq.write_table(solution.blocked, staged, compression="zstd"), mode=0o600
    )
    n_components = np.count_nonzero(solution.smallest[solution.members] == solution.members)
    return IdentityReport(int(n_components), len(solution.members), solution.blocked.num_rows)


def with_block_list(limits: Limits, exchange: Path) -> Limits:
    """The limits, with the block list of `<exchange>/identifiers.parquet`.

    Raises:
        BuildError: identifiers.parquet is missing.
    """
    identifiers = exchange / IDENTIFIERS
    if not identifiers.is_file():
        raise BuildError(
            f"{identifiers} does not exist, so blocked contacts are unknown",
            hint="call `loyalty run`: it makes the identifiers first",
        )
    table = pq.read_table(identifiers, columns=["identifier"], filters=[("is_blocked", "=", True)])
    return replace(limits, block_list=limits.block_list | frozenset(table.column("identifier").to_pylist()))


def _solve(
    connection: duckdb.DuckDBPyConnection, edges: pa.Table | Path, decisions: Sequence[Decision], limits: Limits
) -> _Solution:
    pairs = pa.table(
        {
            "one": pa.array([decision.one for decision in decisions], pa.string()),
            "other": pa.array([decision.other for decision in decisions], pa.string()),
        }
    )
    coded = coded_links(connection, edges, pairs)
    is_link = np.array([decision.action == "link" for decision in decisions], dtype=np.bool_)
    links = coded.pairs[is_link]
    evidence, blocked = _without_blocked(connection, coded, links, limits)
    one, other = np.concatenate([evidence.one, links[:, 0]]), np.concatenate([evidence.other, links[:, 1]])
    is_evidence = np.arange(one.size) < evidence.one.size
    is_kept = ~removed_links(coded.n_nodes, one, other, is_evidence, coded.pairs[~is_link].tolist())
    smallest = smallest_members(coded.n_nodes, one[is_kept], other[is_kept])
    smallest = smallest[: len(coded.pseudonyms)]
    members = np.flatnonzero(np.bincount(smallest)[smallest] > 1)
    by_person_ref = _components(coded.n_nodes, evidence.only(evidence.kind == PSEUDONYM))
    return _Solution(coded.pseudonyms, smallest, by_person_ref, members, blocked)


def _components(n_nodes: int, *links: Links | Codes) -> Codes:
    """The smallest node of each node's component, by links of evidence and by pairs."""
    ends = [(part.one, part.other) if isinstance(part, Links) else (part[:, 0], part[:, 1]) for part in links]
    return smallest_members(
        n_nodes, np.concatenate([one for one, _ in ends]), np.concatenate([other for _, other in ends])
    )


def _without_blocked(
    connection: duckdb.DuckDBPyConnection, coded: CodedLinks, links: Codes, limits: Limits
) -> tuple[Links, pa.Table]:
    """The links of evidence without those of blocked identifiers, and the table of blocked identifiers."""
    evidence, n_nodes = coded.evidence, coded.n_nodes
    connection.register("block_list", pa.table({"identifier": pa.array(sorted(limits.block_list), pa.string())}))
    is_blocked = np.zeros(n_nodes, dtype=np.bool_)
    is_blocked[arrays(connection, _ON_THE_LIST)["code"]] = True
    is_declared = evidence.kind == PSEUDONYM
    counted: list[Links | Codes] = [evidence.only(is_declared), links]
    for kind, max_refs in ((EMAIL, limits.max_refs_of_email), (PHONE, limits.max_refs_of_phone)):
        contacts = evidence.only(evidence.kind == kind)
        is_blocked[_too_many(connection, contacts, _components(n_nodes, *counted), max_refs)] = True
        counted.append(contacts.only(~is_blocked[contacts.other]))
    is_removed = ~is_declared & is_blocked[evidence.other]
    removed = evidence.only(is_removed)
    connection.register("blocked_link", pa.table({"identifier": removed.other, "ref": removed.one}))
    blocked: pa.Table = connection.sql(_BLOCKED).to_arrow_table()
    return evidence.only(~is_removed), blocked.cast(BLOCKED_SCHEMA)


def _too_many(connection: duckdb.DuckDBPyConnection, contacts: Links, components: Codes, max_refs: int) -> Codes:
    """The identifiers that belong to more components of one source than they can link."""
    # an identifier with at most as many links as the limit cannot belong to more components than the limit
    suspects = contacts.only(np.bincount(contacts.other)[contacts.other] > max_refs)
    columns = {"identifier": suspects.other, "source": suspects.source, "component": components[suspects.one]}
    connection.register("suspect", pa.table(columns))
    found = connection.execute(_TOO_MANY, {"max_refs": max_refs}).fetchnumpy()
    return cast(Codes, found["identifier"])
