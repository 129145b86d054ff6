"""Previews look-ups without landing anything: what files of an inbox would find, and which landed files would change.

The files that give look-ups and the files that read them are read completely, in the order in which they would land.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import InputError
from pipelines.base.text import counted, printable_name
from pipelines.landing.delivered import sha256_of
from pipelines.landing.inbox import Found as File
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.lookups import (
    STATE,
    Batch,
    Found,
    add_look_ups,
    find,
    given_sql,
    make_state,
    rows_sql,
    stale_batches,
)
from pipelines.landing.model import FileGroup
from pipelines.landing.outdated import Landed, Versions, compare
from pipelines.landing.readers import read
from pipelines.landing.rows import FileFacts, RowSql

_PENDING = "landing_pending"
_NEWEST = 2**62  # the sequence of a delivery that has not landed yet


@dataclass(frozen=True)
class LookUpPreview:
    """What the look-ups of a source would find.

    Attributes:
        notes: Per look-up that files would read, how many records would find values.
        warnings: Keys without a row or with several values, by file.
        problems: Files that cannot be read.
        stale: The batches of landed files that would find other values than when they landed.
    """

    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    stale: frozenset[Batch] = frozenset()


def preview_look_ups(home: Path, landed: Sequence[Landed], source: SourceFiles, files: Sequence[File]) -> LookUpPreview:
    """Preview the look-ups of a source.

    Args:
        home: The home folder.
        landed: What has landed.
        source: The source.
        files: The files of its inbox that fit the mapping.
    """
    levels = [source.mapping.level(group) for group in source.mapping.files]
    if not any(levels):
        return LookUpPreview()
    with TemporaryDirectory(prefix="loyalty-look-ups-") as folder, connect(spill=Path(folder)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        preview = _Preview(connection, home / "landing", landed, source, Path(folder))
        for level in range(1 + max(levels)):
            preview.reach()
            for file in files:
                group = file.group
                if group is not None and (group.lookups or group.look_up) and source.mapping.level(group) == level:
                    preview.add(file, group)
        return preview.result()


class _Preview:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        landing: Path,
        landed: Sequence[Landed],
        source: SourceFiles,
        scratch: Path,
    ) -> None:
        self._connection, self._landing, self._scratch = connection, landing, scratch
        self._mapping = source.mapping
        self._versions = Versions([source])
        self._compared = compare(landed, self._versions)
        self._replaced: set[str] = set()
        self._stale: set[Batch] = set()
        self._found: list[tuple[str, Found]] = []
        self._problems: list[str] = []
        connection.execute(
            f"create temp table {_PENDING} as select * from ({given_sql(landing)}) where false"  # noqa: S608 (paths are quoted)
        )

    def reach(self) -> None:
        """Compute the values in force, and which landed files they change."""
        replaced = ", ".join(map(quoting.text, sorted(self._replaced)))
        kept = f"where batch not in ({replaced})" if replaced else ""
        make_state(
            self._connection,
            f"select * from ({given_sql(self._landing)}) {kept} union all select * from {_PENDING}",  # noqa: S608 (paths are quoted)
        )
        source = self._mapping.source
        self._stale = {one for one in stale_batches(self._connection, self._landing, STATE) if one[0] == source}

    def add(self, file: File, group: FileGroup) -> None:
        """Read a file, unless it has landed and would stay as it is."""
        sha256 = sha256_of(file.path)
        batch = self._compared.current.get(self._versions.target(file.source, group, file.file_on).key(sha256))
        if batch is not None and (self._mapping.source, batch) not in self._stale:
            return
        changes = (change for change in self._compared.changes if change.landed.sha256 == sha256)
        self._replaced.update([change.landed.batch for change in changes], [batch] if batch is not None else [])
        try:
            read(self._connection, file.path, group, self._scratch)
            add_look_ups(self._connection, self._mapping, group)
            sql = RowSql(self._connection, self._mapping, group)
            if group.lookups:
                self._give(file, group, sql, FileFacts(file.name, sha256, file.file_on, date.min))
            self._found += [(file.name, one) for one in find(self._connection, self._mapping, group, sql)]
        except duckdb.Error as error:
            self._problems.append(
                f"{printable_name(file.name)}: the mapping does not fit the file: {type(error).__name__}. An expression"
                " fails on a value of the file. `loyalty run` names its line in the mapping."
            )
        except InputError as error:
            self._problems.append(f"{printable_name(file.name)}: {error.message}. {error.hint}")

    def _give(self, file: File, group: FileGroup, sql: RowSql, facts: FileFacts) -> None:
        """Add the look-up rows of a file, and a row without a key: a full delivery may have no other."""
        first = f"{quoting.text(self._mapping.source)}, '', {quoting.text(file.name)}, {_NEWEST}"
        delivery = quoting.text(group.delivery) if group.delivery else "null"
        self._connection.execute(
            f"insert into {_PENDING} select {first}, {delivery}, file_on, lookup, key, raw"  # noqa: S608 (names are quoted)
            f" from ({rows_sql(group, facts.columns(), sql.taken)})"
            f" union all select {first}, {delivery}, null, null, null, null"
        )

    def result(self) -> LookUpPreview:
        """What was found."""
        records, lost = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for _, one in self._found:
            records[one.name, one.where] += one.records
            lost[one.name, one.where] += one.without_value
        notes = [
            f"look-up `{name}` ({where}): values are found for {count - lost[name, where]:,} of"
            f" {counted(count, 'record')} with a key"
            for (name, where), count in records.items()
        ]
        warnings = [f"{printable_name(name)}: {message}" for name, one in self._found for message in one.messages]
        return LookUpPreview(tuple(notes), tuple(warnings), tuple(self._problems), frozenset(self._stale))
