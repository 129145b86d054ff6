"""Binds a mapping's expressions to the columns of a file: which columns are needed.

For every format, expressions read the relation `landing_source`. It has a text column for each source column, a struct
of texts for each dotted path of the mapping, and columns that landing adds, whose names begin with `landing_`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipelines.base import quoting
from pipelines.landing.cells import BLANKS, Cells
from pipelines.landing.entity_rows import EntityRows
from pipelines.landing.expressions import Path, parse
from pipelines.landing.model import FileGroup

RELATION = "landing_source"
ITEM = "item"
ITEM_NO = "item_no"
ENVELOPE = "envelope"


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

    def objects(self, at: Path = ()) -> Iterator[tuple[Path, list[str]]]:
        """The path of each object, the record first, with the names of what is read of it."""
        if self.children:
            yield at, list(self.children)
        for name, child in self.children.items():
            yield from child.objects((*at, name))

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


def is_plain_cell(group: FileGroup, text: str) -> bool:
    """Whether an expression only names a cell of the record or of an element of `each`. Cells are trimmed texts.

    A text that is not SQL is the name of a column.
    """
    if not parse(text).is_name:
        return False
    (path,) = references(text)
    return path[0].lower() not in (*group.from_name, *group.look_up)


def is_of_item(path: Path) -> bool:
    """Whether a path reads an element of `each`, and not the record."""
    return path[0].lower() in (ITEM, ITEM_NO)


def record_tree(group: FileGroup) -> Tree:
    """The columns of the record that a group's expressions read."""
    return _tree(
        path
        for location, text in group.expressions()
        for path in references(text)
        if not (is_of_item(path) and has_each(group, location)) and not is_looked_up(group, location, path)
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


def has_each(group: FileGroup, location: tuple[str | int, ...]) -> bool:
    """Whether an expression at a location is one of an entity with `each`."""
    return location[0] == "entities" and group.entities[str(location[1])].each is not None


def is_looked_up(group: FileGroup, location: tuple[str | int, ...], path: Path) -> bool:
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
    return lambda path: number_text(f"json_extract_string({document}, {json_path(path)})", document, path)


def number_text(text: str, document: str, path: Path) -> str:
    """SQL of the text at a path of a JSON document, where a whole number has no decimal point.

    Args:
        text: SQL of the text as DuckDB extracts it; it is repeated.
        document: SQL of the document. It is parsed again only for texts that end with `.0`.
        path: The path.
    """
    is_number = f"suffix({text}, '.0') and json_type({document}, {json_path(path)}) = 'DOUBLE'"
    return f"case when {is_number} then {whole_text(f'cast({text} as double)', f'{text}[:-3]')} else {text} end"


def whole_text(number: str, digits: str, most: int = 2**53) -> str:
    """SQL of the text of a whole floating-point number.

    Args:
        number: SQL of the number.
        digits: SQL of its digits.
        most: Larger numbers have lost digits in the source. They have an exponent, as spreadsheets write them.
    """
    return f"case when abs({number}) <= {most} then {digits} else format('{{:.15e}}', {number}) end"


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
        return cells.add(number_text(f"landing_texts[{len(texts)}]", "landing_item", path))

    item = tree.value(read, ()) if tree.children else "landing_item"
    # Each list and each element is parsed once, in a SELECT of its own. `landing_item` is the list, then the element.
    query = f"select *, {items_of(rows.each)} as landing_item from {records}"  # noqa: S608 (names are quoted)
    query = (
        "select * replace (unnest(landing_item) as landing_item), generate_subscripts(landing_item, 1) as"  # noqa: S608
        f" landing_item_no from ({query})"
    )
    listed = json_texts("landing_item", texts) if texts else "null"
    query = f"select *, {listed} as landing_texts from ({query})"  # noqa: S608 (names are quoted)
    return (
        f"(select * exclude (landing_item, landing_texts), {item} as {ITEM},"  # noqa: S608 (names are quoted)
        f" cast(landing_item_no as varchar) as {ITEM_NO} from ({cells.select('*', f'({query})')}))"
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


def _tree(paths: Iterable[Path]) -> Tree:
    tree = Tree()
    for path in sorted(set(paths)):
        tree.add(path)
    return tree
