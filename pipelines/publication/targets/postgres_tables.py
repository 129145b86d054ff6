"""The statements that create the table of a mart in PostgreSQL.

Pure functions: no connection is opened here.
"""

from collections.abc import Collection, Mapping

import pyarrow as pa

from pipelines.base import quoting
from pipelines.publication.model import PublishedTable, Reporting
from pipelines.publication.targets.target import TargetError

_LONGEST_NAME = 63  # bytes; PostgreSQL cuts longer names
# PostgreSQL has no unsigned integers
_TYPES: dict[pa.DataType, str] = {
    pa.bool_(): "boolean",
    pa.int8(): "smallint",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.uint8(): "smallint",
    pa.uint16(): "integer",
    pa.uint32(): "bigint",
    pa.uint64(): "numeric(20, 0)",
    pa.float32(): "real",
    pa.float64(): "double precision",
    pa.string(): "text",
    pa.large_string(): "text",
    pa.date32(): "date",
}


def create_table(namespace: str, table: PublishedTable, schema: pa.Schema) -> str:
    """The table without keys, which are faster to add after the rows.

    Args:
        namespace: The schema.
        table: The mart.
        schema: The columns of its files.

    Raises:
        TargetError: A column has a type or a name that PostgreSQL cannot have.
    """
    for name in (table.name, *schema.names):
        if len(name.encode()) > _LONGEST_NAME:
            raise _impossible(f"the name {name} of the mart {table.name} is longer than {_LONGEST_NAME} bytes")
    columns = []
    for column in schema:
        kind = _column_type(column.type)
        if kind is None:
            raise _impossible(f"{table.name}.{column.name} has the type {column.type}")
        columns.append(f"{quoting.name(column.name)} {kind}")
    return f"create table {quoting.name(namespace)}.{quoting.name(table.name)} ({', '.join(columns)})"


def comments(
    namespace: str, table: PublishedTable, labels: Mapping[str, str], reporting: Reporting | None
) -> list[str]:
    """The statements that describe a mart and its columns.

    Args:
        namespace: The schema.
        table: The mart.
        labels: The label of each column.
        reporting: The currency and the time zone of the figures.
    """
    relation = f"{quoting.name(namespace)}.{quoting.name(table.name)}"
    texts = {f"table {relation}": " ".join(filter(None, (table.description, str(reporting or ""))))}
    for column in table.columns:
        words = reporting.named(column.description) if reporting else column.description
        label = labels.get(column.name, "")
        texts[f"column {relation}.{quoting.name(column.name)}"] = ": ".join(filter(None, (label, words)))
    return [f"comment on {what} is {_literal(text)}" for what, text in texts.items() if text]


def keys(namespace: str, table: PublishedTable, with_null: Collection[str]) -> list[str]:
    """The statement for the key of a mart: a primary key, or a unique index if some column of the key has NULL."""
    if not table.key:
        return []
    relation, columns = f"{quoting.name(namespace)}.{quoting.name(table.name)}", _names(table.key)
    if {*table.key} & {*with_null}:
        return [f"create unique index on {relation} ({columns})"]
    return [f"alter table {relation} add primary key ({columns})"]


def references(
    namespace: str,
    table: PublishedTable,
    tables: Mapping[str, PublishedTable],
    with_null: Mapping[str, Collection[str]],
) -> list[str]:
    """The statements for the references of a mart: a foreign key and an index each.

    Args:
        namespace: The schema.
        table: The mart.
        tables: All marts, by name.
        with_null: The columns with NULL of each mart.
    """
    relation = f"{quoting.name(namespace)}.{quoting.name(table.name)}"
    statements = []
    for one in table.references:
        other = tables.get(one.mart)
        if other and other.key == (one.to_column,) and one.to_column not in with_null[one.mart]:
            statements.append(
                f"alter table {relation} add foreign key ({quoting.name(one.column)})"
                f" references {quoting.name(namespace)}.{quoting.name(one.mart)} ({quoting.name(one.to_column)})"
            )
        if table.key[:1] != (one.column,):
            statements.append(f"create index on {relation} ({quoting.name(one.column)})")
    return statements


def grants(namespace: str, reader: str | None) -> list[str]:
    """The statements that let a role read a schema."""
    if reader is None:
        return []
    role, where = quoting.name(reader), quoting.name(namespace)
    return [f"grant usage on schema {where} to {role}", f"grant select on all tables in schema {where} to {role}"]


def _column_type(kind: pa.DataType) -> str | None:
    """The type of a column in PostgreSQL; None if there is none that has every value.

    A timestamp without a zone is UTC, as in all marts. PostgreSQL has microseconds.
    """
    if pa.types.is_timestamp(kind):
        return None if kind.unit == "ns" else "timestamp with time zone"
    if pa.types.is_decimal128(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    return _TYPES.get(kind)


def _names(columns: Collection[str]) -> str:
    return ", ".join(quoting.name(name) for name in columns)


def _literal(text: str) -> str:
    """A text literal whose meaning no setting of the server changes (`standard_conforming_strings`)."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


def _impossible(what: str) -> TargetError:
    return TargetError(
        f"PostgreSQL cannot have the version: {what}", hint="Rename or cast the column in the model of the mart."
    )
