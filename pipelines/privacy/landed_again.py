"""Checks whether a file that is landed again brings back people who were erased from its earlier batch.

Tombstones recognise people by the normal form of their identifiers, and not by names in free text. If the mapping has
changed the form (another column, another expression), tombstones do not recognise people. So the new batch of a file is
compared with the rest of its earlier batch, record by record.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.base.text import counted
from pipelines.landing import EarlierBatch, NotLandedAgain
from pipelines.landing.batches import LOOKUP_USES, LOOKUPS, PART
from pipelines.privacy import match
from pipelines.privacy.rewrite import DATASETS, ERASED_VALUE

_OF_RECORDS = tuple(dataset for dataset in DATASETS if dataset != LOOKUP_USES)

# A record is touched if one of its rows was emptied. Removed rows no longer exist.
_TOUCHED = f"raw = {quoting.text(match.ERASED)}"


def check_nobody_returns(folder: Path, records: int, again: EarlierBatch) -> None:
    """Raise an error if landing a file again may bring back an erased person.

    Args:
        folder: The staged batch, after people with tombstones were erased from it.
        records: The number of its records that are taken or unreadable.
        again: The earlier batch of the file.

    Raises:
        NotLandedAgain: The new batch may have data of an erased person.
    """
    staged = {dataset: folder / dataset / PART for dataset in _OF_RECORDS}
    now = {dataset: part for dataset, part in staged.items() if part.is_file()}
    with connect() as connection:
        for name, parts in (("before", again.parts), ("now", now)):
            none = "select null::bigint as record, null::varchar as raw, null::varchar as person where false"
            connection.execute(f"create temp view {name} as {' union all '.join([none, *_rows(parts)])}")
        ((present, touched),) = connection.execute(
            f"select count(distinct record), count(distinct record) filter ({_TOUCHED}) from before"  # noqa: S608
        ).fetchall()
        removed = again.records - present
        if not removed and not touched:
            return
        queries = [_renumbered(), _whole_again(), _named_again(), _there_again(records, removed)]
        queries += [query for dataset in ENTITIES if (query := _filled_again(connection, dataset, again.parts, now))]
        if LOOKUPS in now:
            queries.append(_looked_up_again(again.parts, now))
        if any(connection.execute(query).fetchall() for query in queries):
            raise NotLandedAgain(
                f"people were erased from {counted(removed + touched, 'record')} of it, and with the current"
                " mapping not all of them can be recognised",
                hint="If the mapping gives these people other references, call `loyalty forget` with these references"
                " and run again. Otherwise deliver the file again without these people, under the same name.",
            )


def _rows(parts: Mapping[str, Path]) -> Iterator[str]:
    """All rows of a batch: record, raw record and person, once per person that a row names."""
    for dataset in (dataset for dataset in _OF_RECORDS if dataset in parts):
        columns = match.identifying_columns(dataset) if dataset in ENTITIES else []
        people = f"unnest([{', '.join(columns)}])" if columns else "null::varchar"
        raw = "null::varchar" if dataset == LOOKUPS else "raw"  # a look-up has only some columns of the record
        yield f"select record, {raw} as raw, {people} as person from {_read(parts[dataset])}"  # noqa: S608 (names are ours)


def _read(part: Path) -> str:
    return f"read_parquet({quoting.files(part)}, hive_partitioning = false)"


def _renumbered() -> str:
    """Untouched records that differ between both batches: then records cannot be compared by their numbers."""
    earlier, later = (f"(select distinct record, raw from {name} where not {_TOUCHED})" for name in ("before", "now"))  # noqa: S608
    both = f"{earlier} as earlier inner join {later} as later using (record)"
    return f"select 1 from {both} where earlier.raw <> later.raw limit 1"  # noqa: S608


def _whole_again() -> str:
    """Touched records that are complete in the new batch."""
    touched = f"select record from before where {_TOUCHED}"  # noqa: S608
    return f"select 1 from now where not {_TOUCHED} and record in ({touched}) limit 1"  # noqa: S608


def _named_again() -> str:
    """Touched records that named no person in the earlier batch, and name one in the new batch."""
    without_person = f"select record from before group by record having bool_or({_TOUCHED}) and count(person) = 0"  # noqa: S608
    return f"select 1 from now where person is not null and record in ({without_person}) limit 1"  # noqa: S608


def _there_again(records: int, removed: int) -> str:
    """New records, unless at least as many records are missing as before (others were erased or skipped)."""
    return (
        f"select 1 from now where record not in (select record from before)"  # noqa: S608
        f" and {records} - (select count(distinct record) from now) < {removed} limit 1"
    )


def _filled_again(
    connection: duckdb.DuckDBPyConnection, dataset: str, before: Mapping[str, Path], now: Mapping[str, Path]
) -> str:
    """Touched rows of an entity with a value in a column that was emptied; no query if there is no such column."""
    if dataset not in before or dataset not in now:
        return ""
    kinds, free = ENTITIES[dataset].columns, match.free_columns(dataset)
    counts = ", ".join(f"count({column})" for column in free)
    (filled,) = connection.execute(f"select {counts} from {_read(before[dataset])}").fetchall()  # noqa: S608
    # a column without any value was not mapped before; of such columns only free text can be about the people
    emptied = [c for c, count in zip(free, filled, strict=True) if count or kinds[c] is ColumnType.PERSONAL]
    counted = ", ".join(f"count({_value(column)}) as {column}" for column in emptied)
    touched = f"select record, {counted} from {_read(before[dataset])} group by record having bool_or({_TOUCHED})"  # noqa: S608
    tests = " or ".join(f"({_value(f'later.{column}')} is not null and earlier.{column} = 0)" for column in emptied)
    both = f"{_read(now[dataset])} as later inner join ({touched}) as earlier using (record)"
    return f"select 1 from {both} where {tests} limit 1" if emptied else ""  # noqa: S608


def _looked_up_again(before: Mapping[str, Path], now: Mapping[str, Path]) -> str:
    """Touched records that give rows to a look-up which they did not give in the earlier batch."""
    columns = "record, lookup, key, raw"
    touched = f"select record from before where {_TOUCHED}"  # noqa: S608
    given = f"select {columns} from {_read(now[LOOKUPS])} where record in ({touched})"  # noqa: S608
    earlier = f" except select {columns} from {_read(before[LOOKUPS])}" if LOOKUPS in before else ""  # noqa: S608
    return f"select 1 from ({given}{earlier}) limit 1"  # noqa: S608


def _value(column: str) -> str:
    return f"nullif({column}, {quoting.text(ERASED_VALUE)})"
