"""The SQL of the blocks of an entity: the rows that a record makes of its `columns`, or of one block of `unpivot`."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence

import duckdb

from pipelines.base import quoting
from pipelines.base.entities import ENTITIES
from pipelines.landing import normal
from pipelines.landing.binding import ITEM_NO, is_plain_cell, items_of, references, relation_of, sql_of
from pipelines.landing.cells import trimmed
from pipelines.landing.entity_rows import Column, Columns, EntityRows
from pipelines.landing.model import FileGroup, Mapping
from pipelines.landing.survey_questions import ANSWERED
from pipelines.landing.value_maps import column_sql
from pipelines.landing.wordings import is_known

OWN = "landing_record, landing_line, landing_part, landing_raw, landing_block"


class Blocks:
    """The blocks of the entities of one file group over `landing_source`.

    Args:
        connection: Has the view `landing_source`; used to find the types of expressions.
        mapping: The source's mapping.
        group: One of its groups.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, mapping: Mapping, group: FileGroup) -> None:
        self._mapping = mapping
        self._group = group
        self._types = {
            name: [self._describe(connection, rows, block) for block in rows.blocks()]
            for name, rows in group.entities.items()
        }

    def of(self, name: str) -> list[tuple[int, Columns, Dict[str, str]]]:
        """The blocks of an entity: number, columns, and the type of the expression of each column."""
        blocks = self._group.entities[name].blocks()
        return [(number, *one) for number, one in enumerate(zip(blocks, self._types[name], strict=True))]

    def known(self, name: str) -> list[str]:
        """The canonical columns that have a value: all others are NULL in every row."""
        return [column for column in ENTITIES[name].columns if self._is_known(name, column)]

    def takes(self, name: str) -> str:
        """SQL that checks whether an entity makes a row from a record that is neither skipped nor unreadable."""
        rows = self._group.entities[name]
        where = f"coalesce({sql_of(rows.where)}, false)"
        if rows.wording:
            return f"landing_record in (select record from {ANSWERED})"  # noqa: S608 (a name of ours)
        if rows.each:
            return f"({where} and coalesce(len({items_of(rows.each)}), 0) > 0)"
        if rows.unpivot:
            answered = [
                self._answered(name, block, own, types)
                for block, own, types in zip(rows.blocks(), rows.unpivot, self._types[name], strict=True)
            ]
            return f"({where} and ({' or '.join(answered)}))"
        return where

    def rows(
        self, name: str, number: int, kept: str, known: Sequence[str], block: Columns, types: Dict[str, str]
    ) -> str:
        """The rows of one block in normal form, of the records that fulfil `kept`."""
        third = ", ".join(f"{self._value(name, column, block, types)} as {column}" for column in known)
        return f"select {OWN}, {third} from ({self.trimmed(name, number, kept, block, types)})"  # noqa: S608 (names are quoted)

    def trimmed(self, name: str, number: int, kept: str, block: Columns, types: Dict[str, str]) -> str:
        """The values of one block as text without blanks around them, or as instants; of records that fulfil `kept`."""
        rows = self._group.entities[name]
        records = relation_of(self._group, rows, f"{kept} and coalesce({sql_of(rows.where)}, false)")
        where = is_known(rows)
        if rows.unpivot:
            where += f" and {self._answered(name, rows.blocks()[number], rows.unpivot[number], types)}"
        position = f"cast({ITEM_NO} as bigint)" if rows.each else str(number)
        first = ", ".join(
            f"{self._extracted(name, column, spec, types[column])} as {column}" for column, spec in block.items()
        )
        extracted = (
            f"select landing_record, landing_line, landing_part, landing_raw, {position} as landing_block, {first}"  # noqa: S608 (names are quoted)
            f" from {records} where {where}"
        )
        as_it_is = [column for column, spec in block.items() if self._needs_no_trim(name, column, spec, types[column])]
        second = ", ".join(f"{column if column in as_it_is else trimmed(column)} as {column}" for column in block)
        return f"select {OWN}, {second} from ({extracted})"  # noqa: S608 (names are quoted)

    def _value(self, name: str, column: str, block: Columns, types: Dict[str, str]) -> str:
        if column in block:
            kind = ENTITIES[name].columns[column]
            formats = block[column].timestamps or self._group.timestamps
            zone = self._mapping.zone(self._group, block[column])
            return normal.normal(kind, column, column, types[column], formats, zone)
        return quoting.text(filled) if (filled := self._filled(name, column)) else "cast(null as varchar)"

    def _needs_no_trim(self, name: str, column: str, spec: Column, sql_type: str) -> bool:
        """Whether the value of an expression is an instant, or a text that is trimmed already."""
        is_text = sql_type == "VARCHAR" and spec.values is None and is_plain_cell(self._group, spec.sql)
        return is_text or normal.is_instant(ENTITIES[name].columns[column], sql_type)

    def _describe(self, connection: duckdb.DuckDBPyConnection, rows: EntityRows, block: Columns) -> dict[str, str]:
        select = ", ".join(f"{column_sql(column)} as {quoting.name(name)}" for name, column in block.items())
        found = connection.execute(f"describe select {select} from {relation_of(self._group, rows)}").fetchall()  # noqa: S608 (names are quoted)
        # by position: DuckDB may write a name that differs only in case (`total: Total`) as the source does
        return {name: str(row[1]) for name, row in zip(block, found, strict=True)}

    def _extracted(self, name: str, column: str, spec: Column, sql_type: str) -> str:
        kind = ENTITIES[name].columns[column]
        return normal.extracted(kind, column_sql(spec), sql_type, self._mapping.zone(self._group, spec))

    def _answered(self, name: str, block: Columns, own: Columns, types: Dict[str, str]) -> str:
        """SQL that checks whether any source column of a block of `unpivot` has a value."""
        read = [column for column in own if references(own[column].sql) - {(name,) for name in self._group.from_name}]
        values = (
            sql_of(block[column].sql)
            if block[column].values
            else self._extracted(name, column, block[column], types[column])
            for column in read
        )
        tests = [f"coalesce(trim(cast({value} as varchar)), '') <> ''" for value in values]
        return f"({' or '.join(tests)})" if tests else "true"

    def _is_known(self, name: str, column: str) -> bool:
        is_mapped = any(column in block for block in self._group.entities[name].blocks())
        return is_mapped or self._filled(name, column) is not None

    def _filled(self, name: str, column: str) -> str | None:
        """The value that the mapping sets for a column in all rows. The mapping's currency does not apply to rates."""
        if column == "amount_basis":
            return self._group.entities[name].amount_basis
        return self._mapping.currency if column == "currency" and name != "fx_rates" else None
