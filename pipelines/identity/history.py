"""Which references were one customer at each month end, by the data known on the as-of day.

Most references are alone, or their links hold on every day. Only the others are resolved again for each day.
"""

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import write_durably
from pipelines.identity.components import connected_components
from pipelines.identity.links import DAYS, LINKS, LINKS_BEFORE
from pipelines.identity.resolve import Decision, Limits, resolve, with_block_list

HISTORY = "identity_history.parquet"
SCHEMA = pa.schema([("observed_on", pa.date32()), ("node", pa.string()), ("component", pa.string())])

# Every link of any day.
_ANY_DAY = """
    create temp table any_day as
    select distinct node, other_node from links
    union
    select distinct node, other_node from links_before
    union
    select distinct node, other_node from decided
"""

# Nodes with a link that does not hold on every day.
_CHANGING_NODES = """
    create temp table changing as
    select node from links where valid_from > (select min(observed_on) from days)
    union
    select node
    from (
        select node, other_node from links_before
        union all
        select node, other_node from links where kind = 'person_ref'
    )
    group by node, other_node
    having count(*) < (select count(*) from days)
"""

# The references of components with a changing link; identifiers are not references.
_CONCERNED = """
    create temp table concerned as
    with references_of as (
        select distinct node from links
        union
        select node from links_before
        union
        select other_node from links where kind = 'person_ref'
        union
        select other_node from links_before where kind = 'person_ref'
        union
        select node from decided
        union
        select other_node from decided
    ),

    concerned_components as (
        select component
        from components
        where component in (select component from components where node in (select node from changing))
            and node in (select node from references_of)
        group by component
        having count(*) > 1
    )

    select components.node, components.node in (select node from references_of) as is_reference
    from components
    where component in (select component from concerned_components)
"""

_LINKS_OF_DAY = """
    select kind, source, node, other_node
    from links
    where
        node in (select node from concerned)
        and case
            when kind = 'person_ref' then $day = (select max(observed_on) from days)
            else coalesce(valid_from <= $day, true)
        end
    union
    select kind, source, node, other_node
    from links_before
    where observed_on = $day and node in (select node from concerned)
"""


def write_history(exchange: Path, decisions: Sequence[Decision], limits: Limits) -> int:
    """Write `identity_history.parquet` (observed_on, node, component; mode 0600), and return its number of rows.

    It has the component of each reference on each day, for references of components in which a link has changed.
    `component` is the smallest pseudonym of the references that are linked on the day; the reference's own one if it
    is alone.

    Args:
        exchange: The folder of the file. It has the links and the days (links.py), and identifiers.parquet with the
            block list.
        decisions: The user's decisions, which count on every day.
        limits: Which identifiers link nobody, in addition to those on the block list.
    """
    spill = exchange / ".spill"
    try:
        found = _history(exchange, spill, decisions, with_block_list(limits, exchange))
    finally:
        shutil.rmtree(spill, ignore_errors=True)
    write_durably(exchange / HISTORY, lambda path: pq.write_table(found, path, compression="zstd"), mode=0o600)
    return int(found.num_rows)


def _history(exchange: Path, spill: Path, decisions: Sequence[Decision], limits: Limits) -> pa.Table:
    with connect(spill=spill) as connection:
        for name, file in (("links", LINKS), ("links_before", LINKS_BEFORE), ("days", DAYS)):
            connection.execute(f"create view {name} as from read_parquet({quoting.files(exchange / file)})")
        user_links = [decision for decision in decisions if decision.action == "link"]
        decided = pa.table(
            {
                "node": pa.array([decision.one for decision in user_links], pa.string()),
                "other_node": pa.array([decision.other for decision in user_links], pa.string()),
            }
        )
        connection.register("decided", decided)
        connection.execute(_CHANGING_NODES)
        ((n_changing,),) = connection.execute("select count(*) from changing").fetchall()
        if not n_changing:
            return SCHEMA.empty_table()
        connection.execute(_ANY_DAY)
        graph = connection.sql("from any_day").to_arrow_table()
        connection.register("components", connected_components(graph["node"], graph["other_node"], spill))
        connection.execute(_CONCERNED)
        concerned = {node for (node,) in connection.execute("select node from concerned where is_reference").fetchall()}
        own = [decision for decision in decisions if {decision.one, decision.other} & concerned]
        observed = [day for (day,) in connection.execute("select observed_on from days order by 1").fetchall()]
        found = [_of_day(connection, day, own, limits, spill) for day in observed]
    return pa.concat_tables(found)


def _of_day(
    connection: duckdb.DuckDBPyConnection, day: date, decisions: Sequence[Decision], limits: Limits, spill: Path
) -> pa.Table:
    links = connection.sql(_LINKS_OF_DAY, params={"day": day}).to_arrow_table()
    connection.register("of_day", resolve(links, decisions, limits, spill, connection).components)
    found: pa.Table = connection.sql(
        "select $day::date as observed_on, concerned.node, coalesce(of_day.component, concerned.node) as component"
        " from concerned left join of_day on concerned.node = of_day.node where is_reference order by all",
        params={"day": day},
    ).to_arrow_table()
    connection.unregister("of_day")
    return found.cast(SCHEMA)
