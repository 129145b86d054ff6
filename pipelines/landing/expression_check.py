"""Checks every expression of a mapping before a file is read: its syntax, its names, and whether its type fits."""

import re

import duckdb

from pipelines.base import quoting
from pipelines.base.database import small_query_connection
from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.landing.binding import (
    RELATION,
    Tree,
    has_each,
    is_looked_up,
    is_of_item,
    look_up_fields,
    record_tree,
    references,
    relation_of,
    sql_of,
)
from pipelines.landing.entity_fit import Location
from pipelines.landing.expressions import parse, parse_all
from pipelines.landing.model import FileGroup, Mapping

# The columns that landing adds to a record. A source may have others with the same prefix, such as `landing_page`.
_OURS = re.compile(r"landing_(record|line|part|raw|block|item|item_no|cell\d+|look_up\d+_\w+)", re.IGNORECASE)
_NESTED = ("STRUCT", "MAP", "UNION", "TABLE")
_NAME_HINT = "write a column name that could be SQL in double quotes inside single quotes: '\"Net-Price\"'"


def check_expressions(mapping: Mapping) -> None:
    """Check every expression of a mapping against an empty relation with the columns that the mapping names.

    Raises:
        ConfigError: An expression is not SQL, calls an unknown function, or has a type that does not fit its use.
    """
    problems: list[str] = []
    parse_all(text for group in mapping.files for _, text in group.expressions())
    with small_query_connection() as connection:
        for index, group in enumerate(mapping.files):
            if group.ignore is None:
                problems += _check_group(connection, mapping, ("files", index), group)
    if problems:
        raise ConfigError("\n".join(problems), hint=f"Correct these lines of the mapping; {_NAME_HINT}.")


def _check_group(
    connection: duckdb.DuckDBPyConnection, mapping: Mapping, at: tuple[str | int, ...], group: FileGroup
) -> list[str]:
    problems = [
        f"{mapping.where((*at, *location))}: `{text}`: {problem}"
        for location, text in group.expressions()
        if (problem := _syntax(location, text))
    ]
    if problems:
        return problems
    if clash := _clash(group):
        return [f"{mapping.where((*at, *clash[0]))}: {clash[1]}"]
    columns = record_tree(group).select(lambda path: "null::varchar")
    for name in group.look_up:
        fields = ", ".join(f"{quoting.name(field)} := null::varchar" for field in look_up_fields(group, name))
        columns.append(f"struct_pack({fields}) as {quoting.name(name)}")
    connection.execute(
        f"create or replace temp view {RELATION} as select {', '.join([*columns, '1 as landing_record'])}"
    )
    by_relation: dict[str, list[tuple[Location, str]]] = {}
    for location, text in group.expressions():
        of_item = has_each(group, location) and location[-1] not in ("where", "each")
        relation = relation_of(group, group.entities[str(location[1])]) if of_item else RELATION
        by_relation.setdefault(relation, []).append((location, text))
    kinds: dict[Location, str | duckdb.Error] = {}
    for relation, given in by_relation.items():
        found = _kinds(connection, relation, [text for _, text in given])
        kinds |= {location: kind for (location, _), kind in zip(given, found, strict=True)}
    for location, text in group.expressions():
        kind = kinds[location]
        if isinstance(kind, duckdb.Error):
            problems.append(f"{mapping.where((*at, *location))}: `{text}`: {_first_line(kind)}")
        elif location[-1] == "where" and kind not in ("BOOLEAN", '"NULL"'):
            problems.append(f"{mapping.where((*at, *location))}: `{text}` is {kind}, but a condition must be BOOLEAN")
        elif kind.startswith(_NESTED):
            problems.append(f"{mapping.where((*at, *location))}: `{text}` is {kind}, but a column has one value")
    return problems


def _kinds(connection: duckdb.DuckDBPyConnection, relation: str, texts: list[str]) -> list[str | duckdb.Error]:
    """The type of each expression on a relation, or its error.

    One query describes all of them. If it fails, each is described alone, so that an error belongs to its expression.
    """
    try:
        columns = ", ".join(map(sql_of, texts))
        found = connection.execute(f"describe select {columns} from {relation}")  # noqa: S608 (names are quoted)
        return [str(kind) for _, kind, *_ in found.fetchall()]
    except duckdb.Error as error:
        return [error] if len(texts) == 1 else [kind for text in texts for kind in _kinds(connection, relation, [text])]


def _syntax(location: tuple[str | int, ...], text: str) -> str:
    problem = parse(text).problem
    is_condition = location[-1] in ("where", "each")
    looks_like_sql = any(sign in text for sign in ("'", "||", "::"))
    may_be_a_name = problem.startswith("not a SQL expression") and not is_condition and not looks_like_sql
    return "" if may_be_a_name else problem


def _clash(group: FileGroup) -> tuple[tuple[str | int, ...], str] | None:
    """The first expression with an ambiguous or reserved column name, and what is wrong with it."""
    trees: dict[str, Tree] = {}
    for location, text in group.expressions():
        for path in sorted(references(text)):
            if is_looked_up(group, location, path):
                if len(path) != 2:
                    return location, (
                        f"`{path[0]}` is a look-up of this entry: write `{path[0]}.column`. If the file has a column"
                        f" `{path[0]}`, give the look-up another name"
                    )
                continue
            if path[0].lower() in group.look_up:
                return location, f"`{path[0]}` is a look-up of this entry and a column of its key: rename the look-up"
            of_item = is_of_item(path) and has_each(group, location)
            if (
                group.fields is not None
                and not of_item
                and path[0].lower() not in {name.lower() for name in (*group.fields, *group.from_name)}
            ):
                near = did_you_mean(path[0], group.fields, f"`fields` has {', '.join(group.fields)}")
                return location, f"there is no field `{path[0]}`{near}"
            if not of_item and _OURS.fullmatch(path[0]):
                return location, f"landing adds its own column `{path[0]}` to each record: rename the source's column"
            inside = path[1:] if of_item else path
            try:
                if inside:
                    trees.setdefault(str(location[1]) if of_item else "", Tree()).add(inside)
            except ValueError as error:
                return location, str(error)
    return None


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]
