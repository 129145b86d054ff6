"""The SQL that classifies each record and makes the landed rows of each entity.

A record belongs to the first class that fits: skipped (a declared skip takes it), taken (at least one entity makes a
row from it), skipped as `blank` (all values that an entity would unpivot from it, or all its `columns`, are empty),
unreadable. This module
only composes SQL. normal.py has the normal form of values, batches.py the place of the files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.base.text import printable_name
from pipelines.landing import formats as formats_of
from pipelines.landing import normal
from pipelines.landing.binding import (
    RELATION,
    is_no_list,
    references,
    relation_of,
    sql_of,
    takes_for_lookups,
)
from pipelines.landing.blocks import Blocks
from pipelines.landing.entity_rows import GENERATED_KEYS, Column
from pipelines.landing.fields_twice import records_with_field_twice
from pipelines.landing.hashes import content_hash, generated_key
from pipelines.landing.mapping_values import BLANK
from pipelines.landing.model import FileGroup, Mapping
from pipelines.landing.readers.wide import COLUMNS
from pipelines.landing.spans import Rule
from pipelines.landing.survey_questions import find_answered, question_messages
from pipelines.landing.time_columns import TimeColumn
from pipelines.landing.value_maps import (
    UNMAPPED,
    Location,
    UnmappedValue,
    find_unmapped,
    has_open_maps,
    unmapped_values,
)

# The columns after the canonical ones, in their order, with their types.
TRAILING = {
    "file_name": "VARCHAR",
    "file_sha256": "VARCHAR",
    "file_on": "DATE",
    "landed_on": "DATE",
    "record": "BIGINT",
    "line": "BIGINT",
    "part": "VARCHAR",  # the sheet or the member of an archive; NULL for other files
    "content_hash": "VARCHAR",
    "raw": "VARCHAR",
}

_LISTED = 10  # values in a message


@dataclass(frozen=True)
class FileFacts:
    """The facts about a file that each of its rows has.

    Attributes:
        name: The file's name below the source's folder.
        sha256: The SHA-256 of its bytes.
        file_on: The date in its name, if it has one.
        landed_on: The business day of landing.
    """

    name: str
    sha256: str
    file_on: date | None
    landed_on: date

    def columns(self) -> str:
        """A select list of all four facts."""
        file_on = "null" if self.file_on is None else quoting.text(self.file_on.isoformat())
        return (
            f"{quoting.text(self.name)} as file_name, {quoting.text(self.sha256)} as file_sha256,"
            f" cast({file_on} as date) as file_on, date {quoting.text(self.landed_on.isoformat())} as landed_on"
        )


class RowSql:
    """The SQL of one file group over `landing_source`.

    Args:
        connection: Has the view `landing_source`; used to find the types of expressions.
        mapping: The source's mapping.
        group: One of its groups.
        cut_off: The numbers of the records in which the file, or parts of it, were cut off.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, mapping: Mapping, group: FileGroup, cut_off: Sequence[int] = ()
    ) -> None:
        self._mapping = mapping
        self._group = group
        self._skipped = [f"coalesce({sql_of(skip.where)}, false)" for skip in group.skips]
        self._kept = " and ".join(f"not {skip}" for skip in self._skipped) or "true"
        self._blocks = Blocks(connection, mapping, group)
        lists = [(rows.where, rows.each) for rows in group.entities.values() if rows.each]
        no_list = [f"(coalesce({sql_of(where)}, false) and {is_no_list(each)})" for where, each in lists]
        self._no_list = " or ".join(no_list) or "false"
        self._field_twice = records_with_field_twice(connection, group)
        self.cut_off = tuple(cut_off)
        self._unmapped = "false"
        if has_open_maps(group):
            find_unmapped(connection, group, self._kept)
            self._unmapped = f"landing_record in (select record from {UNMAPPED})"  # noqa: S608 (a name of ours)
        find_answered(connection, group)
        odd = [self._no_list, self._field_twice, self._unmapped, *(f"landing_record = {record}" for record in cut_off)]
        self._odd = " or ".join(one for one in odd if one != "false") or "false"
        self._takes = {name: self._blocks.takes(name) for name in group.entities}
        self._taken = f"not ({self._odd}) and ({' or '.join([*self._takes.values(), *takes_for_lookups(group)])})"
        may_be_blank = [
            rows
            for rows in group.entities.values()
            if rows.unpivot or rows.wording or (group.has_header and rows.each == COLUMNS)
        ]
        blank = " or ".join(f"coalesce({sql_of(rows.where)}, false)" for rows in may_be_blank)
        self._blank = f"not ({self._odd}) and not ({self._taken}) and ({blank or 'false'})"
        self.skips = (*(skip.name for skip in group.skips), *([BLANK] if may_be_blank else []))

    @property
    def kept(self) -> str:
        """The SQL condition of records that no skip takes and that can be read."""
        return f"{self._kept} and not ({self._odd})"

    @property
    def taken(self) -> str:
        """The SQL condition of records that are taken."""
        return f"{self._kept} and {self._taken}"

    def takes(self, name: str) -> str:
        """The SQL condition of records from which an entity makes rows."""
        return f"{self.kept} and {self._takes[name]}"

    def record_counts(self) -> str:
        """One row with numbers of records: all, taken, unreadable, then per entity in the mapping's order and per skip.

        For an entity, it is the number of records from which it makes rows, not the number of rows.
        """
        by_entity = [f"count(*) filter ({self.takes(name)})" for name in self._takes]
        by_skip, before = [], "true"
        for skip in self._skipped:
            by_skip.append(f"count(*) filter ({before} and {skip})")
            before += f" and not {skip}"
        if BLANK in self.skips:
            by_skip.append(f"count(*) filter ({self._kept} and {self._blank})")
        counts = [
            "count(*)",
            f"count(*) filter ({self._kept} and {self._taken})",
            f"count(*) filter ({self._kept} and not ({self._taken}) and not ({self._blank}))",
            *by_entity,
            *by_skip,
        ]
        return f"select {', '.join(counts)} from {RELATION}"  # noqa: S608 (names are quoted)

    def not_taken(self) -> str:
        """The records that no entity and no skip takes: record, line, rule, raw, part."""
        rule = (
            f"case when {self._no_list} then '{Rule.NO_LIST}' when {self._field_twice} then '{Rule.FIELD_TWICE}'"
            f" when {self._unmapped} then '{Rule.UNMAPPED}' when {self._odd} then '{Rule.CUT_OFF}'"
            f" else '{Rule.NOT_TAKEN}' end"
        )
        return (
            f"select landing_record, landing_line, {rule} as landing_rule, landing_raw, landing_part from {RELATION}"  # noqa: S608 (names are quoted)
            f" where {self._kept} and not ({self._taken}) and not ({self._blank})"
        )

    def unmapped(self, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
        """A message for each column with values that its value map has no entry for."""
        if self._unmapped == "false":
            return
        index = next(i for i, group in enumerate(self._mapping.files) if group is self._group.declared)
        by_column: dict[Location, list[UnmappedValue]] = {}
        for value in unmapped_values(connection, self._group):
            by_column.setdefault(value.location, []).append(value)
        for location, values in by_column.items():
            listed = ", ".join(f"`{printable_name(one.value)}` ({one.records:,})" for one in values[:_LISTED])
            more = f" and {len(values) - _LISTED:,} more" if len(values) > _LISTED else ""
            where = self._mapping.where(("files", index, *location, "values"))
            yield (
                f"these values of {location[1]}.{location[-1]} have no entry in `values` ({where}): {listed}{more}."
                " Their records are quarantined (LND-009). Add entries for them, or one for `*`"
                f"{self._of_built_in}"
            )

    def questions(self, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
        """Messages about survey questions that are not taken, or were asked on another scale."""
        for message in question_messages(connection, self._group, self._kept):
            yield f"{message}{self._of_built_in}"

    @property
    def _of_built_in(self) -> str:
        """Where a user changes a built-in mapping, for the end of a message; empty for a mapping of their own."""
        return ", in your own mapping that extends this one (docs/sources.md)" * self._mapping.is_built_in(())

    def rows(self, name: str, facts: FileFacts) -> str:
        """The landed rows of one entity. Those of one record follow each other, so that Parquet stores `raw` once."""
        canonical = ENTITIES[name].columns
        known = self._blocks.known(name)
        generated = GENERATED_KEYS.get(name)
        values = {column: column if column in known else "cast(null as varchar)" for column in canonical}
        if generated is not None and generated not in known:
            number = "row_number() over (partition by content_hash order by landing_record, landing_block)"
            values[generated] = generated_key(
                quoting.text(facts.sha256), quoting.text(str(facts.file_on or "")), number
            )
        select = ", ".join(f"{sql} as {column}" for column, sql in values.items())
        return (
            f"select {select}, {facts.columns()}, landing_record as record, landing_line as line,"  # noqa: S608 (names are quoted)
            f" landing_part as part, content_hash, landing_raw as raw from ({self._hashed(name)}){self._order(name)}"
        )

    def _order(self, name: str) -> str:
        """The ORDER BY that is needed if `unpivot` or a generated key separates the rows of a record; else nothing."""
        rows, generated = self._group.entities[name], GENERATED_KEYS.get(name)
        is_generated = generated is not None and generated not in self._blocks.known(name)
        if not (rows.unpivot or (rows.each and is_generated)):
            return ""
        return f" order by record, landing_block, content_hash{f', {generated}' if is_generated else ''}"

    def origins(self, name: str) -> str:
        """Per row of an entity: record, content_hash and block.

        `block` is the number of the block of `unpivot` (from 0) or of the element of `each` (from 1) behind the row.
        """
        return f"select landing_record as record, content_hash, landing_block as block from ({self._hashed(name)})"  # noqa: S608 (names are quoted)

    def _hashed(self, name: str) -> str:
        """The rows in normal form, with their content hash."""
        known, generated = self._blocks.known(name), GENERATED_KEYS.get(name)
        hashed = content_hash(name, known, without=None if generated in known else generated)
        blocks = (
            self._blocks.rows(name, number, self.kept, known, block, types)
            for number, block, types in self._blocks.of(name)
        )
        return f"select *, {hashed} as content_hash from ({' union all '.join(blocks)})"  # noqa: S608 (names are quoted)

    def misfit(self, record: int, source_column: str) -> str | None:
        """SQL that checks, for one record, whether a value made from a source column does not fit its type.

        None if no value is made from the column. It checks only the form of the value. Staging decides whether the
        value is allowed.
        """
        tests = []
        for name in self._group.entities:
            for number, block, types in self._blocks.of(name):
                columns = [column for column, spec in block.items() if _reads(spec, source_column)]
                tests += [
                    f"exists (select 1 from ({self._blocks.rows(name, number, self.kept, columns, block, types)})"  # noqa: S608 (names are quoted)
                    f" where landing_record = {record} and not ({normal.fits(ENTITIES[name].columns[column], column)}))"
                    for column in columns
                ]
        return f"select {' or '.join(tests)}" if tests else None

    def time_columns(self) -> Iterator[TimeColumn]:
        """The columns of times that are read from texts."""
        for name in self._group.entities:
            for number, block, types in self._blocks.of(name):
                for column, spec in block.items():
                    kind = ENTITIES[name].columns[column]
                    if kind in normal.TIMES and not normal.is_instant(kind, types[column]):
                        yield TimeColumn(
                            name,
                            column,
                            kind,
                            formats_of.in_force(kind, self._group, spec),
                            self._mapping.zone(self._group, spec),
                            self._blocks.trimmed(name, number, self.kept, {column: spec}, types),
                        )

    def expressions(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """A query per expression of the mapping that evaluates it for all records, to find the one that fails."""
        for location, text in self._group.expressions():
            relation = RELATION
            if location[0] == "entities" and location[-1] not in ("where", "each"):
                relation = relation_of(self._group, self._group.entities[str(location[1])])
            yield location, f"select count({sql_of(text)}) from {relation}"  # noqa: S608 (names are quoted)


def _reads(spec: Column, source_column: str) -> bool:
    return any(path[0].lower() == source_column.lower() for path in references(spec.sql))
