"""Whether a file that is landed again brings somebody back who was erased from what it landed as before.

Tombstones recognise people by the normal form of their identifiers. A mapping that gives another form (another column,
another expression) hides them. So what a file lands as now is compared with what is left of it from before.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb

from pipelines.errors import InputError
from pipelines.landing import Again
from pipelines.landing.batches import PART, UNREADABLE
from pipelines.landing.expressions import quote_text
from pipelines.landing.relation import escaped_glob
from pipelines.privacy import match
from pipelines.privacy.rewrite import DATASETS


def check_nobody_returns(folder: Path, records: int, again: Again) -> None:
    """Refuse a staged batch that may hold somebody who was erased from the file before.

    - If fewer records are erased than before, every record that is whole must have been whole before.
    - If more records are emptied and name somebody than before, they must name nobody whom such records did not name
      before. (Records of others are emptied if they mention somebody who was erased.)

    Args:
        folder: The staged batch, after those whom the tombstones recognise were erased from it.
        records: Its records that are taken or unreadable.
        again: What the file landed as before.

    Raises:
        InputError: It may hold one of them.
    """
    parts = {dataset: folder / dataset / PART for dataset in DATASETS}
    with duckdb.connect() as connection:
        before = _Batch(connection, "before", again.parts, again.records)
        if not before.n_erased:
            return
        now = _Batch(connection, "now", {name: part for name, part in parts.items() if part.is_file()}, records)
        has_new_whole = now.n_erased < before.n_erased and now.has_other(before, _WHOLE, "raw")
        has_new_people = now.n_named > before.n_named and now.has_other(before, _NAMED, "person")
    if has_new_whole or has_new_people:
        raise InputError(
            f"people were erased from {before.n_erased} of its records, and as the mapping is now they cannot be"
            " recognised: it would bring them back",
            hint="Call `loyalty forget` for them with the references that the mapping gives them now, and run again;"
            " or undo what the mapping changed about references, e-mails, phones and order numbers.",
        )


_WHOLE = f"raw <> {quote_text(match.ERASED)}"
_NAMED = f"raw = {quote_text(match.ERASED)} and person is not null"


class _Batch:
    """All rows of a batch as a view: record, raw record, and whom a row names, once for each of them.

    Args:
        connection: Any DuckDB.
        name: Of the view.
        parts: The Parquet by data set.
        records: The records that are taken or unreadable.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, name: str, parts: Mapping[str, Path], records: int
    ) -> None:
        self._connection, self._name = connection, name
        none = "select null::bigint as record, null::varchar as raw, null::varchar as person where false"
        connection.execute(f"create temp view {name} as {' union all '.join([none, *_rows(parts)])}")
        # a record that is not whole has rows that are missing or were emptied
        whole = f"select record from {name} group by record having bool_and({_WHOLE})"  # noqa: S608 (names are ours)
        self.n_erased = records - self._count(f"select count(*) from ({whole})")  # noqa: S608
        self.n_named = self._count(f"select count(distinct record) from {name} where {_NAMED}")  # noqa: S608

    def has_other(self, before: "_Batch", where: str, column: str) -> bool:
        """Whether some rows have a value that such rows of another batch do not have."""
        values = [f"select {column} from {batch._name} where {where}" for batch in (self, before)]  # noqa: S608
        return self._count(f"select count(*) from ({' except '.join(values)})") > 0  # noqa: S608

    def _count(self, query: str) -> int:
        ((count,),) = self._connection.execute(query).fetchall()
        return int(count)


def _rows(parts: Mapping[str, Path]) -> Iterator[str]:
    for dataset in (dataset for dataset in DATASETS if dataset in parts):
        columns = [] if dataset == UNREADABLE else match.identifying_columns(dataset)
        people = f"unnest([{', '.join(columns)}])" if columns else "null::varchar"
        read = f"read_parquet({escaped_glob(parts[dataset])}, hive_partitioning = false)"
        yield f"select record, raw, {people} as person from {read}"  # noqa: S608 (names are ours)
