"""What orchestration itself reads from the warehouse: row counts, scratch schemas, tables to exchange.

Each function opens the DuckDB file and closes it before it returns: an open file would block the next dbt step. No
business rules: those are in dbt_project.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base.database import connect
from pipelines.base.durable import write_durably
from pipelines.runs.build_state import SCRATCH_PREFIX

Relation = tuple[str, str]


@dataclass(frozen=True)
class RelationFacts:
    """What a relation looks like after a build.

    Attributes:
        rows: Its rows; None for a view, because counting them would compute it.
        columns: Its columns' types by name, in order.
    """

    rows: int | None
    columns: Mapping[str, str]


def _name(*parts: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def relation_facts(warehouse: Path, relations: Sequence[Relation]) -> dict[Relation, RelationFacts]:
    """Rows and columns of tables, columns of views; a relation that does not exist is left out.

    Args:
        warehouse: The DuckDB file.
        relations: (schema, name) of each.
    """
    wanted = set(relations)
    with connect(warehouse, read_only=True) as connection:
        columns: dict[Relation, dict[str, str]] = {}
        for schema, table, column, kind in connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
            " order by schema_name, table_name, column_index"
        ).fetchall():
            if (schema, table) in wanted:
                columns.setdefault((schema, table), {})[column] = kind
        tables = [
            (schema, table)
            for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            if (schema, table) in wanted
        ]
        rows = {table: _count(connection, table) for table in tables}
    return {relation: RelationFacts(rows.get(relation), found) for relation, found in columns.items()}


def _count(connection: duckdb.DuckDBPyConnection, relation: Relation) -> int:
    # fetchall, because a result that is not read to its end keeps the connection busy
    ((rows,),) = connection.execute(f"select count(*) from {_name(*relation)}").fetchall()  # noqa: S608 (quoted)
    return int(rows)


def drop_scratch(warehouse: Path) -> None:
    """Drop every schema of a backfill, also of a killed one."""
    if not warehouse.exists():
        return
    with connect(warehouse) as connection:
        schemas = connection.execute(
            "select distinct schema_name from information_schema.schemata where starts_with(schema_name, ?)",
            [SCRATCH_PREFIX],
        ).fetchall()
        for (schema,) in schemas:
            connection.execute(f"drop schema {_name(schema)} cascade")


# int_<kind>_cell and <kind>_cells.parquet: what the value step reads
CELLS = (
    "purchase",
    "purchase_fit",
    "spend_fit",
    "holdout",
    "holdout_week",
    "return",
    "contract",
    "suitability",
    "driver",
)


def export_cells(warehouse: Path, exchange: Path, scratch_schema: str) -> int:
    """Copy the value step's input to `<exchange>/<kind>_cells.parquet`, in one order.

    Args:
        warehouse: The DuckDB file, with core built.
        exchange: The folder of the files.
        scratch_schema: Prefix of the schemas of a backfill, else empty.

    Returns:
        The number of rows of all.
    """
    schema = _schema(scratch_schema)
    rows = 0
    with connect(warehouse, read_only=True) as connection:
        for cells in CELLS:
            relation = connection.sql(f"from {_name(schema, f'int_{cells}_cell')} order by all")

            def write(staged: Path, relation: duckdb.DuckDBPyRelation = relation) -> None:
                relation.write_parquet(str(staged), compression="zstd")

            write_durably(exchange / f"{cells}_cells.parquet", write)
            rows += _count(connection, (schema, f"int_{cells}_cell"))
    return rows


def copy_tables(warehouse: Path, exchange: Path, scratch_schema: str, models: Mapping[str, str]) -> None:
    """Copy tables of the schema intermediate to Parquet files (mode 0600).

    Args:
        warehouse: The DuckDB file.
        exchange: The folder of the files.
        scratch_schema: Prefix of the schemas of a backfill, else empty.
        models: The model of each file.
    """
    schema = _schema(scratch_schema)
    with connect(warehouse, read_only=True) as connection:
        for file, model in models.items():
            relation = connection.table(_name(schema, model))

            def write(staged: Path, relation: duckdb.DuckDBPyRelation = relation) -> None:
                relation.write_parquet(str(staged), compression="zstd")

            write_durably(exchange / file, write, mode=0o600)


def _schema(scratch_schema: str) -> str:
    return f"{scratch_schema}_intermediate" if scratch_schema else "intermediate"


def reconciliation(warehouse: Path) -> dict[str, int]:
    """Landed, accepted, quarantined and superseded rows over all files and entities, after staging."""
    with connect(warehouse, read_only=True) as connection:
        (row,) = connection.execute(
            """
            select sum(landed_rows), sum(accepted_rows), sum(quarantined_rows), sum(superseded_rows)
            from staging.stg_file_reconciliation
            """
        ).fetchall()
    names = ("landed", "accepted", "quarantined", "superseded")
    return {name: int(number or 0) for name, number in zip(names, row, strict=True)}
