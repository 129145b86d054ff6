"""Connected components of a graph: which nodes can be reached from each other.

Texts become integer codes in DuckDB, which can spill to disk. scipy finds the components of the codes. What the nodes
mean is not known here.
"""

from pathlib import Path
from typing import Any, TypeAlias, cast

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.base.database import connect

Codes: TypeAlias = NDArray[np.int32]

_NODES = """
    create temp table node as
    select text
    from (select one as text from link union select other as text from link)
    where text is not null
    order by text
"""
_CODES = """
    select one.rowid::integer as one, other.rowid::integer as other
    from link
    inner join node as one on link.one = one.text
    inner join node as other on link.other = other.text
"""


def arrays(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, NDArray[Any]]:
    """The columns of a query, which have numbers and no NULL."""
    return cast("dict[str, NDArray[Any]]", connection.sql(query).fetchnumpy())


def smallest_members(n_nodes: int, one: Codes, other: Codes) -> Codes:
    """For each node the smallest node of its component; a node without links is its own.

    Args:
        n_nodes: The number of nodes; they are 0, 1, ... n_nodes - 1.
        one: One end of each link.
        other: The other end of each link, in the same order.
    """
    if not one.size:
        return np.arange(n_nodes, dtype=np.int32)
    # scipy takes a quarter of a second to import, and most commands that import this module find no components
    from scipy import sparse
    from scipy.sparse import csgraph

    graph = sparse.coo_array((np.ones(one.size), (one, other)), shape=(n_nodes, n_nodes)).tocsr()
    n_components, labels = csgraph.connected_components(graph, directed=False)
    smallest = np.empty(n_components, dtype=np.int32)
    # of several assignments to one place the last one remains: that of the smallest node
    smallest[labels[::-1]] = np.arange(n_nodes - 1, -1, -1, dtype=np.int32)
    return smallest[labels]


def connected_components(one: pa.Array | pa.ChunkedArray, other: pa.Array | pa.ChunkedArray, spill: Path) -> pa.Table:
    """The component of each node, named by its smallest node.

    Args:
        one: One end of each link, as text. A link with NULL is ignored.
        other: The other end of each link, in the same order.
        spill: The folder for data that does not fit into memory.

    Returns:
        One row per node (node, component), in the order of the nodes.
    """
    with connect(spill=spill) as connection:
        connection.register("link", pa.table({"one": one, "other": other}))
        connection.execute(_NODES)
        ends = arrays(connection, _CODES)
        nodes: pa.Table = connection.sql("select text from node order by rowid").to_arrow_table()
    texts = nodes.column("text").cast(pa.large_string()).combine_chunks()
    smallest = smallest_members(len(texts), ends["one"], ends["other"])
    columns = [texts.cast(pa.string()), texts.take(pa.array(smallest)).cast(pa.string())]
    return pa.table(columns, names=["node", "component"])
