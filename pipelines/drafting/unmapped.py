"""Lists what a draft does not map: columns, lists, and fields inside lists of records."""

from collections.abc import Iterator, Sequence

from pipelines.drafting.drafted import DraftedEntity
from pipelines.drafting.table import Field, Rows, Table
from pipelines.landing.binding import ITEM, references
from pipelines.landing.expressions import Path


def unmapped(table: Table, entities: Sequence[DraftedEntity]) -> Iterator[str]:
    """What no entity reads, in the order of the file.

    Args:
        table: The file. Its first rows are the records, the others are lists inside them.
        entities: What the draft makes of them.
    """
    if any(entity.wording for entity in entities):
        return  # they are read as the cells of `columns`
    columns = [(entity.each, [one.sql for block in entity.blocks() for one in block.values()]) for entity in entities]
    yield from unread(table, columns)


def unread(table: Table, expressions: Sequence[tuple[str | None, Sequence[str]]]) -> Iterator[str]:
    """What expressions do not read, in the order of the file.

    Args:
        table: The file.
        expressions: For each entity, its list (`each`) and its expressions.
    """
    records, *lists = table.rows
    yield from _unread(records, _read([text for _, texts in expressions for text in texts]), "")
    for rows in lists:
        readers = [texts for each, texts in expressions if each and references(rows.each or "") & references(each)]
        if readers:
            yield from _unread(rows, _read([text for texts in readers for text in texts]), f"{rows.each}[].")
        else:
            yield f"{rows.each} (a list)"


def fields_read(table: Table, entities: Sequence[DraftedEntity]) -> Iterator[tuple[Rows, list[Field]]]:
    """The columns that entities read, for the records and for each list inside them."""
    for rows in table.rows:
        readers = [entity for entity in entities if rows.each in (None, entity.each)]
        read = _read([one.sql for entity in readers for block in entity.blocks() for one in block.values()])
        root = (ITEM,) if rows.each else ()
        yield rows, [one for one in rows.fields if tuple(part.lower() for part in (*root, *one.path)) in read]


def _read(texts: Sequence[str]) -> set[Path]:
    """The columns that expressions read, in lower case, with the beginning of each dotted path."""
    paths = {tuple(part.lower() for part in path) for text in texts for path in references(text)}
    return {path[:length] for path in paths for length in range(1, len(path) + 1)}


def _unread(rows: Rows, read: set[Path], prefix: str) -> Iterator[str]:
    """The fields that are not read, then what is not a single value."""
    root = (ITEM,) if rows.each else ()
    for one in rows.fields:
        if tuple(part.lower() for part in (*root, *one.path)) not in read:
            yield f"{prefix}{one.sql.removeprefix(f'{ITEM}.') if rows.each else one.sql}"
    yield from (f"{prefix}{text}" for text in rows.others)
