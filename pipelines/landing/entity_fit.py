"""Checks whether the rows that a mapping makes fit the canonical entities: known names, keys, required columns.

A mapping is rejected here if staging would reject every row that it makes. Either a required column is not mapped, or a
column has the same value in all rows and staging does not accept it. expression_check.py checks the SQL of
expressions.
"""

import re
from collections.abc import Iterator

import duckdb

from pipelines.base.entities import ENTITIES, ColumnType, Entity
from pipelines.base.spelling import did_you_mean
from pipelines.landing import normal
from pipelines.landing.binding import references
from pipelines.landing.cells import trimmed
from pipelines.landing.entity_rows import GENERATED_KEYS, Column, Columns, EntityRows
from pipelines.landing.mapping_values import ANY_OTHER
from pipelines.landing.model import FileGroup, Mapping
from pipelines.landing.value_maps import column_sql

Location = tuple[str | int, ...]
Problem = tuple[Location, str]
"""The location in the mapping, and what is wrong there."""

_SHAPES = {
    ColumnType.TIMESTAMP: "a time in one of the declared formats",
    ColumnType.DATE: "a date in one of the declared formats",
    ColumnType.INTEGER: "a whole number",
    ColumnType.BOOLEAN: "true or false",
    **dict.fromkeys((ColumnType.AMOUNT, ColumnType.PRICE, ColumnType.RATE), "a number with a decimal point"),
}
_REJECTS = "staging rejects every row without it"


def problems_of_names(mapping: Mapping) -> list[Problem]:
    """Unknown names of entities and columns, and keys that are not mapped."""
    return [
        (("files", index, "entities", name, *at), message)
        for index, group in enumerate(mapping.files)
        for name, rows in group.entities.items()
        for at, message in _names(name, rows)
    ]


def problems_of_rows(connection: duckdb.DuckDBPyConnection, mapping: Mapping) -> list[Problem]:
    """The reasons why staging would reject every row of an entity.

    Args:
        connection: A DuckDB that computes the values that are the same in all rows.
        mapping: The mapping. Its names are valid and its expressions are SQL.
    """
    found = (
        (("files", index, "entities", name, *at), message)
        for index, group in enumerate(mapping.files)
        for name, rows in group.entities.items()
        for number, block in enumerate(rows.blocks())
        for at, message in _block(connection, mapping, group, name, rows, number, block)
    )
    return list(dict.fromkeys(found))  # all blocks of an unpivot can share a problem


def _names(name: str, rows: EntityRows) -> Iterator[Problem]:
    entity = ENTITIES.get(name)
    if entity is None:
        known = did_you_mean(name, ENTITIES, f"the entities are {', '.join(sorted(ENTITIES))}")
        yield (), f"`{name}` is not an entity{known}"
        return
    if rows.amount_basis and name != "returns":
        yield ("amount_basis",), f"{name} has `amount_basis`, which is a key of returns only: remove it"
    elif rows.amount_basis and any("amount_basis" in block for block in rows.blocks()):
        yield ("amount_basis",), "returns has `amount_basis` twice, as a key and as a column: remove one of them"
    are_known = True
    places: list[tuple[Location, Columns]] = [(("columns",), rows.columns)]
    places += [(("unpivot", number), block) for number, block in enumerate(rows.unpivot)]
    for at, block in places:
        for column in block.keys() - entity.columns.keys():
            are_known = False
            known = did_you_mean(column, entity.columns, f"its columns are {', '.join(entity.columns)}")
            yield (*at, column), f"{name} has no column `{column}`{known}"
    missing = [key for key in entity.key if key != GENERATED_KEYS.get(name) and not _everywhere(key, rows)]
    if are_known and missing:
        yield (), f"{name} needs {', '.join(missing)}: without it, rows cannot be distinguished"


def _everywhere(column: str, rows: EntityRows) -> bool:
    return all(column in block for block in rows.blocks())


def _block(
    connection: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    group: FileGroup,
    name: str,
    rows: EntityRows,
    number: int,
    block: Columns,
) -> Iterator[Problem]:
    """The problems of the rows that one block makes."""
    entity = ENTITIES[name]
    constants = _constants(connection, mapping, group, name, block)
    given = {column for column in block if constants.get(column, "") is not None}
    for alternatives in entity.needs:
        if not given & set(alternatives):
            yield (), f"{name} needs {' or '.join(alternatives)}: {_REJECTS}"
    for one, other in entity.pairs:
        if len(given & {one, other}) == 1:
            (there,) = given & {one, other}
            lacking = other if there == one else one
            yield (), f"{name} has {there}, and also needs {lacking}: staging rejects rows with only one of the two"
    for column, spec in block.items():
        own = rows.unpivot and column in rows.unpivot[number]
        place: Location = ("unpivot", number) if own else ("columns",)
        for at, message in _mapped(connection, group, mapping.zone(group, spec), entity, column, spec):
            yield (*place, *at), message
        value = constants.get(column)
        if value is not None and (wrong := _wrong(connection, entity, column, value)):
            message = f"{column} is `{value}` in every row, so staging rejects every row: {wrong}"
            yield (*place, column), message


def _mapped(
    connection: duckdb.DuckDBPyConnection, group: FileGroup, zone: str, entity: Entity, column: str, spec: Column
) -> Iterator[Problem]:
    """The values of a value map that staging does not accept."""
    kind, formats = entity.columns[column], spec.timestamps or group.timestamps
    for key, meaning in (spec.values or {}).items():
        if meaning is None or meaning == ANY_OTHER:
            continue
        ((value,),) = connection.execute(
            f"select {normal.normal(kind, column, 'value', 'VARCHAR', formats, zone)} from (select ? as value)",  # noqa: S608 (names are quoted)
            [meaning],
        ).fetchall()
        if wrong := _wrong(connection, entity, column, value):
            yield (column, "values", key), f"{column} becomes `{meaning}`, which staging rejects: {wrong}"


def _constants(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, group: FileGroup, name: str, block: Columns
) -> dict[str, str | None]:
    """The columns that read no source column, with the value that landing writes into every row."""
    constant = {column: spec for column, spec in block.items() if not references(spec.sql)}
    if not constant:
        return {}
    types = connection.execute(f"describe select {', '.join(map(column_sql, constant.values()))}").fetchall()
    values, texts, normals = [], [], []
    for number, ((column, spec), (_, sql_type, *_)) in enumerate(zip(constant.items(), types, strict=True)):
        kind, zone, value = ENTITIES[name].columns[column], mapping.zone(group, spec), f"value_{number}"
        formats = spec.timestamps or group.timestamps
        values.append(f"{normal.extracted(kind, column_sql(spec), sql_type, zone)} as {value}")
        texts.append(f"{value if normal.is_instant(kind, sql_type) else trimmed(value)} as {value}")
        normals.append(normal.normal(kind, column, value, sql_type, formats, zone))
    (found,) = connection.execute(
        f"select {', '.join(normals)} from (select {', '.join(texts)} from (select {', '.join(values)}))"  # noqa: S608 (names are quoted)
    ).fetchall()
    return dict(zip(constant, found, strict=True))


def _wrong(connection: duckdb.DuckDBPyConnection, entity: Entity, column: str, value: str) -> str:
    """Why staging does not accept a value; empty if it does. Only rules about the value itself are checked."""
    kind = entity.columns[column]
    ((fits,),) = connection.execute(f"select {normal.fits(kind, 'value')} from (select ? as value)", [value]).fetchall()  # noqa: S608 (a name of ours)
    if not fits:
        return f"it must be {_SHAPES[kind]}"
    if column == "currency" and not re.fullmatch("[A-Z]{3}", value):
        return "it must be three capital letters, such as EUR"
    accepted = entity.accepted.get(column)
    if accepted and value not in accepted:
        return f"it is not one of the accepted values{did_you_mean(value, accepted, ', '.join(accepted))}"
    return ""
