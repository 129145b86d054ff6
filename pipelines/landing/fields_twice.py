"""Finds records in which a list or an object that the mapping reads has a field twice.

An expression that reads inside a JSON text (`each`, `->>`) would take the first value of such a field. The readers of
JSON check the fields that the mapping names by their paths (readers/json_file.py); this module checks whole texts, at
any depth and in all formats.
"""

import duckdb

from pipelines.base import quoting
from pipelines.landing.binding import RELATION, has_each, is_looked_up, is_of_item, references
from pipelines.landing.expressions import Path, parse
from pipelines.landing.model import FileGroup
from pipelines.landing.readers.wide import COLUMNS

FIELD_TWICE = "landing_field_twice"


def records_with_field_twice(connection: duckdb.DuckDBPyConnection, group: FileGroup) -> str:
    """The SQL condition of these records; `false` if there are none.

    Args:
        connection: Has the view of the file's records.
        group: The group of the file.
    """
    conditions = [_has_field_twice(".".join(map(quoting.name, path))) for path in _read_inside(group)]
    if not conditions:
        return "false"
    ((count,),) = connection.execute(
        f"create or replace temp table {FIELD_TWICE} as"  # noqa: S608 (names are quoted)
        f" select landing_record as record from {RELATION} where {' or '.join(conditions)}"
    ).fetchall()
    return f"landing_record in (select record from {FIELD_TWICE})" if count else "false"  # noqa: S608 (a name of ours)


def _read_inside(group: FileGroup) -> list[Path]:
    """The columns of the record that an expression does more with than to take their text."""
    found = {
        path
        for location, text in group.expressions()
        if location[-1] == "each" or not parse(text).is_name
        for path in references(text)
        if not (is_of_item(path) and has_each(group, location)) and not is_looked_up(group, location, path)
    }
    return sorted(path for path in found if not (group.has_header and path == (COLUMNS,)))  # a list that landing makes


def _has_field_twice(text: str) -> str:
    """SQL: whether a text is a JSON list or object, and an object in it has a field twice."""
    objects = f"list_concat([json_keys({text})], json_keys({text}, '$..*'))"
    twice = f"list_filter({objects}, lambda fields : len(fields) > list_unique(fields))"
    return f"case when {text}[1] in ('[', '{{') and json_valid({text}) then len({twice}) > 0 else false end"
