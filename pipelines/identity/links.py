"""Reads links as integer codes. Which links count is decided in resolve.py.

Pseudonyms have the smallest codes, in the order of their texts. So the smallest code of a component is its smallest
pseudonym, and the codes do not depend on the order of rows.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.base import quoting
from pipelines.identity.components import Codes, arrays

# The files in exchange/: the links of the as-of day, other links of earlier month ends, and the days.
LINKS, LINKS_BEFORE, DAYS = "identity_links.parquet", "identity_links_before.parquet", "identity_days.parquet"

# The kinds of nodes. A link has the kind of its other node.
PSEUDONYM, EMAIL, PHONE = 0, 1, 2

_KINDS = """
    create temp macro kind_of(name) as
    case name when 'person_ref' then 0 when 'email' then 1 when 'phone' then 2
    else error('unknown kind of a link: ' || name) end::tinyint
"""
_NODES = """
    create temp table node as
    select kind, text
    from (
        select 0::tinyint as kind, node as text from edge
        union
        select kind_of(kind) as kind, other_node as text from edge
        union
        select 0::tinyint as kind, unnest([one, other]) as text from pair
    )
    where text is not null
    order by kind, text
"""
_SOURCES = "create temp table source as select distinct source as name from edge order by name"
_EDGES = """
    select
        other_node.kind,
        source.rowid::integer as source,
        node.rowid::integer as one,
        other_node.rowid::integer as other
    from (select kind_of(kind) as kind, source, node, other_node from edge) as edge
    inner join source on edge.source = source.name
    inner join node on node.kind = 0 and edge.node = node.text
    inner join node as other_node on edge.kind = other_node.kind and edge.other_node = other_node.text
"""
_PAIRS = """
    select one.rowid::integer as one, other.rowid::integer as other
    from (select row_number() over () as position, one, other from pair) as pair
    inner join node as one on one.kind = 0 and pair.one = one.text
    inner join node as other on other.kind = 0 and pair.other = other.text
    order by pair.position
"""


@dataclass(frozen=True)
class Links:
    """Links as arrays of codes, one entry per link.

    Attributes:
        kind: The kind of `other`.
        source: The source of the reference.
        one: The reference.
        other: A reference or an identifier.
    """

    kind: NDArray[np.int8]
    source: Codes
    one: Codes
    other: Codes

    def only(self, chosen: NDArray[np.bool_]) -> "Links":
        """The chosen links."""
        return Links(self.kind[chosen], self.source[chosen], self.one[chosen], self.other[chosen])


@dataclass(frozen=True)
class CodedLinks:
    """All links, and the texts of the codes.

    Attributes:
        n_nodes: The number of pseudonyms and identifiers.
        pseudonyms: The pseudonym of each code below their number.
        evidence: The links of evidence.
        pairs: The two codes of each pair of the user, in the order of the pairs.
    """

    n_nodes: int
    pseudonyms: pa.LargeStringArray
    evidence: Links
    pairs: Codes


def coded_links(connection: duckdb.DuckDBPyConnection, edges: pa.Table | Path, pairs: pa.Table) -> CodedLinks:
    """Give every pseudonym and identifier a code.

    Args:
        connection: A database in memory. It gets the table `node` (kind, text); the rowid of a row is its code.
        edges: kind, source, node, other_node, or their Parquet file.
        pairs: one, other: pseudonyms, which need not occur in the edges.
    """
    if isinstance(edges, Path):
        connection.register("edge", connection.sql(f"from read_parquet({quoting.files(edges)})"))
    else:
        connection.register("edge", edges)
    connection.register("pair", pairs)
    for statement in (_KINDS, _NODES, _SOURCES):
        connection.execute(statement)
    evidence = Links(**arrays(connection, _EDGES))
    ends = arrays(connection, _PAIRS)
    ((n_nodes,),) = connection.execute("select count(*) from node").fetchall()
    texts: pa.Table = connection.sql("select text from node where kind = 0 order by rowid").to_arrow_table()
    pseudonyms = texts.column("text").cast(pa.large_string()).combine_chunks()
    return CodedLinks(int(n_nodes), pseudonyms, evidence, np.column_stack([ends["one"], ends["other"]]))
