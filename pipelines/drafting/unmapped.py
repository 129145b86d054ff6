"""Lists what a draft does not map: columns, lists, and fields inside lists of records."""

from collections.abc import Iterator, Sequence

from pipelines.drafting.drafted import DraftedEntity
from pipelines.drafting.table import Rows, Table
from pipelines.landing.binding import ITEM, references
from pipelines.landing.expressions import Path


def unmapped(table: Table, entities: Sequence[DraftedEntity]) -> Iterator[str]:
    """What no entity reads, in the order of the file.

    Args:
        table: The file. Its first rows are the records, the others are lists inside them.
        entities: What the draft makes of them.
    """
    records, *lists = table.rows
    if any(entity.wording for entity in entities):
        return  # they are read as the cells of `columns`
    yield from _unread(records, _read(entities), "")
    for rows in lists:
        readers = [entity for entity in entities if entity.each == rows.each]
        if readers:
            yield from _unread(rows, _read(readers), f"{rows.each}[].")
        else:
            yield f"{rows.each} (a list)"


def _read(entities: Sequence[DraftedEntity]) -> set[Path]:
    """The columns that entities read, in lower case, with the beginning of each dotted path."""
    texts = {column.sql for entity in entities for block in entity.blocks() for column in block.values()}
    paths = {tuple(part.lower() for part in path) for text in texts for path in references(text)}
    return {path[:length] for path in paths for length in range(1, len(path) + 1)}


def _unread(rows: Rows, read: set[Path], prefix: str) -> Iterator[str]:
    """The fields that are not read, then what is not a single value."""
    root = (ITEM,) if rows.each else ()
    for one in rows.fields:
        if tuple(part.lower() for part in (*root, *one.path)) not in read:
            yield f"{prefix}{one.sql.removeprefix(f'{ITEM}.') if rows.each else one.sql}"
    yield from (f"{prefix}{text}" for text in rows.others)
