"""Binds a mapping's expressions to the columns of a file: which columns are needed, and whether each expression fits.

For every format, expressions read the relation `landing_source`. It has a text column for each source column, a struct
of texts for each dotted path of the mapping, and columns that landing adds, whose names begin with `landing_`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.landing.cells import BLANKS, Cells
from pipelines.landing.expressions import Path, parse, parse_all
from pipelines.landing.model import EntityRows, FileGroup, Mapping

RELATION = "landing_source"
ITEM = "item"
ITEM_NO = "item_no"
ENVELOPE = "envelope"

# The columns that landing adds to a record. A source may have others with the same prefix, such as `landing_page`.
_OURS = re.compile(r"landing_(record|line|part|raw|block|item|item_no|cell\d+|look_up\d+_\w+)", re.IGNORECASE)
_NESTED = ("STRUCT", "MAP", "UNION", "TABLE")
_NAME_HINT = "write a column name that could be SQL in double quotes inside single quotes: '\"Net-Price\"'"


@dataclass
class Tree:
    """The columns that expressions read, as a tree of dotted names; a leaf is text."""

    children: dict[str, "Tree"] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """Add a path.

        Raises:
            ValueError: The path ends inside another path, or continues another path, or differs from another path only
                in case.
        """
        head, *rest = path
        for known, child in self.children.items():
            if known.lower() != head.lower():
                continue
            if known != head:
                raise ValueError(
                    f"`{known}` and `{head}` differ only in case, and column names are not case-sensitive. If they are"
                    " one column, always write its name in the same way. If the file has both, rename one of them in"
                    " the source or, for CSV, with `skip_rows: 1`, `header_rows: 0` and `names`"
                )
            if bool(child.children) != bool(rest):
                raise ValueError(
                    f"`{known}` and `{'.'.join(path)}` cannot both be read: read only `{known}`, and its fields by"
                    f" `{known}->>'$.…'`"
                )
        child = self.children.setdefault(head, Tree())
        if rest:
            child.add(tuple(rest))

    def select(self, leaf: Callable[[Path], str], at: Path = ()) -> list[str]:
        """A select list with one column per root. `leaf` gives the SQL of each path."""
        return [f"{child.value(leaf, (*at, name))} as {quoting.name(name)}" for name, child in self.children.items()]

    def value(self, leaf: Callable[[Path], str], at: Path) -> str:
        """The SQL of one node: the SQL of the leaf, or a struct of the node's children."""
        if not self.children:
            return leaf(at)
        parts = (f"{quoting.name(name)} := {child.value(leaf, (*at, name))}" for name, child in self.children.items())
        return f"struct_pack({', '.join(parts)})"


def sql_of(text: str) -> str:
    """An expression as SQL in brackets. A text that is not SQL is the name of a column."""
    return quoting.name(text.strip()) if parse(text).problem else f"(\n{text}\n)"


def references(text: str) -> frozenset[Path]:
    """The source columns that an expression reads."""
    expression = parse(text)
    return frozenset({(text.strip(),)}) if expression.problem else expression.references


def is_of_item(path: Path) -> bool:
    """Whether a path reads an element of `each`, and not the record."""
    return path[0].lower() in (ITEM, ITEM_NO)


def record_tree(group: FileGroup) -> Tree:
    """The columns of the record that a group's expressions read."""
    return _tree(
        path
        for location, text in group.expressions()
        for path in references(text)
        if not (is_of_item(path) and _has_each(group, location)) and not _is_looked_up(group, location, path)
    )


def look_up_fields(group: FileGroup, name: str) -> list[str]:
    """The columns of a look-up that a group's expressions read, sorted."""
    texts = (text for location, text in group.expressions() if location[0] != "look_up")
    return sorted({path[1].lower() for text in texts for path in _of_look_up(text, name)})


def reads_look_up(text: str, name: str) -> bool:
    """Whether an expression reads a column of a look-up."""
    return bool(_of_look_up(text, name))


def _of_look_up(text: str, name: str) -> list[Path]:
    return [path for path in references(text) if len(path) == 2 and path[0].lower() == name]


def _is_looked_up(group: FileGroup, location: tuple[str | int, ...], path: Path) -> bool:
    """Whether a path reads a look-up, and not the record."""
    return path[0].lower() in group.look_up and location[0] != "look_up"


def item_tree(rows: EntityRows) -> Tree:
    """The fields of an element of `each` that an entity reads."""
    texts = [column.sql for block in rows.blocks() for column in block.values()]
    return _tree(path[1:] for text in texts for path in references(text) if path[0].lower() == ITEM and len(path) > 1)


def json_path(path: Path) -> str:
    """A path as a quoted JSON path literal, or as a JSON pointer if a JSON path would be a pattern or invalid."""
    if {"*", ""} & set(path):
        return quoting.text("".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path))
    return quoting.text("$" + "".join('."' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in path))


def json_leaf(document: str) -> Callable[[Path], str]:
    """The function that gives the SQL to read a path from a JSON document."""
    return lambda path: f"json_extract_string({document}, {json_path(path)})"


def content_of(group: FileGroup, document: str) -> str:
    """The record of a JSON document as JSON text: the document, or what `unwrap` finds inside it."""
    inside = (
        f"case json_type({document}, {json_path(tuple(path.split('.')))})"
        f" when 'OBJECT' then json_extract({document}, {json_path(tuple(path.split('.')))})::varchar"
        f" when 'VARCHAR' then json_extract_string({document}, {json_path(tuple(path.split('.')))}) end"
        for path in group.unwrap
    )
    if not group.unwrap:
        return document
    is_object = "case when json_valid({0}) then json_type({0}) = 'OBJECT' end"
    tried = ", ".join(f"case when {is_object.format(text)} then {text} end" for text in inside)
    return f"case when json_valid({document}) then coalesce({tried}, {document}) end"


def record_leaf(group: FileGroup, document: str, content: str) -> Callable[[Path], str]:
    """The function that gives the SQL to read a path from a JSON record; `content` is the SQL of `content_of`."""
    outer, inner = json_leaf(document), json_leaf(content)
    return lambda path: outer(path[1:]) if is_of_envelope(group, path) else inner(path)


def is_of_envelope(group: FileGroup, path: Path) -> bool:
    """Whether a path reads the object that a tool wraps the record in, and not the record."""
    return bool(group.unwrap) and path[0].lower() == ENVELOPE and len(path) > 1


def json_texts(document: str, paths: Sequence[Path]) -> str:
    """SQL of the list of the texts at paths of a JSON document, which is parsed once."""
    return f"json_extract_string({document}, [{', '.join(map(json_path, paths))}])"


def relation_of(group: FileGroup, rows: EntityRows, where: str = "true") -> str:
    """The relation from which an entity's columns are read: the record, or the record with an element of `each`.

    Args:
        group: The group of the mapping.
        rows: The entity.
        where: The SQL condition of records.
    """
    records = f"(select * from {RELATION} where {where})"  # noqa: S608 (names are quoted)
    if not rows.each:
        return records
    cells, tree = Cells(group.nulls), item_tree(rows)
    texts: list[Path] = []

    def read(path: Path) -> str:
        texts.append(path)
        return cells.add(f"landing_item[{len(texts)}]")

    item = tree.value(read, ()) if tree.children else "landing_item"
    # Each list and each element is parsed once, in a SELECT of its own. `landing_item` is the list, then the element,
    # then the list of its texts.
    query = f"select *, {items_of(rows.each)} as landing_item from {records}"  # noqa: S608 (names are quoted)
    query = (
        "select * replace (unnest(landing_item) as landing_item), generate_subscripts(landing_item, 1) as"  # noqa: S608
        f" landing_item_no from ({query})"
    )
    if texts:
        query = f"select * replace ({json_texts('landing_item', texts)} as landing_item) from ({query})"  # noqa: S608 (names are quoted)
    return (
        f"(select * exclude (landing_item), {item} as {ITEM}, cast(landing_item_no as varchar) as {ITEM_NO}"  # noqa: S608 (names are quoted)
        f" from ({cells.select('*', f'({query})')}))"
    )


def text_of(sql: str) -> str:
    """An expression as a trimmed text; empty becomes NULL."""
    return f"nullif(trim(cast({sql_of(sql)} as varchar), {quoting.text(BLANKS)}), '')"


def takes_for_lookups(group: FileGroup) -> list[str]:
    """Per look-up that a group gives, the SQL condition of records with a key."""
    return [f"({text_of(spec.key)} is not null)" for spec in group.lookups.values()]


def items_of(each: str) -> str:
    """The elements of the JSON list that `each` gives; none if it gives anything else."""
    return f"from_json({_if_json(each)}, '[\"JSON\"]')"


def is_no_list(each: str) -> str:
    """Whether `each` gives a value that is not a list."""
    value = f"cast({sql_of(each)} as varchar)"
    return f"({value} is not null and coalesce(json_type({_if_json(each)}), '') not in ('ARRAY', 'NULL'))"


def _if_json(each: str) -> str:
    value = f"cast({sql_of(each)} as varchar)"
    return f"case when json_valid({value}) then {value} end"


def check_expressions(mapping: Mapping) -> None:
    """Check every expression of a mapping against an empty relation with the columns that the mapping names.

    Raises:
        ConfigError: An expression is not SQL, calls an unknown function, or has a type that does not fit its use.
    """
    problems: list[str] = []
    parse_all(text for group in mapping.files for _, text in group.expressions())
    with connect() as connection:
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
    for location, text in group.expressions():
        relation = RELATION
        if _has_each(group, location) and location[-1] not in ("where", "each"):
            relation = relation_of(group, group.entities[str(location[1])])
        try:
            found = connection.execute(f"describe select {sql_of(text)} from {relation}").fetchall()[0][1]  # noqa: S608 (names are quoted)
        except duckdb.Error as error:
            problems.append(f"{mapping.where((*at, *location))}: `{text}`: {_first_line(error)}")
            continue
        if location[-1] == "where" and found not in ("BOOLEAN", '"NULL"'):
            problems.append(f"{mapping.where((*at, *location))}: `{text}` is {found}, but a condition must be BOOLEAN")
        elif str(found).startswith(_NESTED):
            problems.append(f"{mapping.where((*at, *location))}: `{text}` is {found}, but a column has one value")
    return problems


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
            if _is_looked_up(group, location, path):
                if len(path) != 2:
                    return location, (
                        f"`{path[0]}` is a look-up of this entry: write `{path[0]}.column`. If the file has a column"
                        f" `{path[0]}`, give the look-up another name"
                    )
                continue
            if path[0].lower() in group.look_up:
                return location, f"`{path[0]}` is a look-up of this entry and a column of its key: rename the look-up"
            of_item = is_of_item(path) and _has_each(group, location)
            if (
                group.fields is not None
                and not of_item
                and path[0].lower() not in {name.lower() for name in group.fields}
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


def _has_each(group: FileGroup, location: tuple[str | int, ...]) -> bool:
    return location[0] == "entities" and group.entities[str(location[1])].each is not None


def _tree(paths: Iterable[Path]) -> Tree:
    tree = Tree()
    for path in sorted(set(paths)):
        tree.add(path)
    return tree


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]
