"""Optional columns (`optional` in a mapping): which ones a file lacks, and which canonical columns stay empty by that.

A lacking column is NULL. A file is refused only if it lacks every column that a key, or another column that each row
needs, is made of. Under `*` this includes the status of orders and lines: without a status, a row counts as a sale.
"""

from collections.abc import Collection, Iterator, Sequence

from pipelines.base.database import small_query_connection
from pipelines.base.entities import ENTITIES
from pipelines.base.text import counted, printable_name
from pipelines.landing.binding import record_tree, references
from pipelines.landing.model import FileGroup
from pipelines.landing.value_maps import column_sql

ALL = "*"
_WHO = ("customer_ref", "email", "phone")  # the columns that name the customer of a row
SALES = ("orders", "order_lines")  # their status decides whether they count


def absent_columns(lacking: Sequence[str], group: FileGroup) -> frozenset[str]:
    """Those of the columns that a header lacks that are optional, in lower case."""
    optional = {name.lower() for name in group.optional}
    return frozenset(name.lower() for name in lacking if ALL in group.optional or name.lower() in optional)


def required_sources(group: FileGroup) -> Iterator[tuple[str, list[str]]]:
    """Per canonical column that each row needs: its name, and the source columns that it is made of."""
    for name, rows in group.entities.items():
        entity = ENTITIES[name]
        for block in rows.blocks():
            statuses = (("status",),) if ALL in group.optional and name in SALES else ()
            for alternatives in (*((key,) for key in entity.key), *entity.needs, *statuses):
                mapped = [column for column in alternatives if column in block]
                read = [{path[0] for path in references(block[column].sql)} - set(group.from_name) for column in mapped]
                if mapped and all(read):
                    yield " or ".join(f"{name}.{column}" for column in mapped), sorted(set().union(*read))


def without_customer(absent: Collection[str], group: FileGroup, records: int) -> tuple[str, ...]:
    """Warnings that the records of a file belong to nobody, because it lacks the columns that name their customer.

    Args:
        absent: The columns that the file lacks, in lower case.
        group: The group of the file.
        records: How many records the file has.
    """
    found = []
    for name, rows in group.entities.items():
        read = [
            {path[0] for path in references(block[column].sql)}
            for block in rows.blocks()
            for column in _WHO
            if column in block
        ]
        sources = set().union(*read)
        if records and read and all(read) and {source.lower() for source in sources} <= set(absent):
            found.append(
                f"it lacks {', '.join(f'`{printable_name(source)}`' for source in sorted(sources))}, so none of its"
                f" {name} has a customer ({counted(records, 'record')}). Export the file with one of these columns"
            )
    return tuple(found)


def unfilled(absent: Collection[str], group: FileGroup) -> list[str]:
    """The canonical columns, as `entity.column`, that are NULL because a file lacks columns.

    Args:
        absent: The columns that the file lacks, in lower case.
        group: The group of the file.
    """
    found = [
        (f"{name}.{column}", column_sql(spec))
        for name, rows in group.entities.items()
        for block in rows.blocks()
        for column, spec in block.items()
        if (read := {path[0].lower() for path in references(spec.sql)}) and read <= set(absent)
    ]
    if not found:
        return []
    empty = ", ".join(record_tree(group).select(lambda path: "cast(null as varchar)"))
    # an expression can have a value although its columns are absent: coalesce(currency, 'EUR')
    are_null = ", ".join(f"{sql} is null" for _, sql in found)
    with small_query_connection() as connection:
        (answers,) = connection.execute(f"select {are_null} from (select {empty})").fetchall()  # noqa: S608 (names are quoted)
    return sorted({name for (name, _), is_null in zip(found, answers, strict=True) if is_null})
