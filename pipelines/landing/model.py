"""What a mapping file may say: its keys, their types and defaults.

Only the shape and the checks that need nothing but the mapping live here. Reading the file and naming its lines is
mapping.py's; checking the expressions is binding.py's; doing what the mapping says is the readers' and rows.py's.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from pipelines.base.entities import ENTITIES
from pipelines.config.values import CurrencyCode
from pipelines.landing.mapping_values import ColumnSource, Format, Listed, SkipName, SourceName, Sql, Zone
from pipelines.landing.order_statuses import OrderStatuses

# The last key column of these can be generated; the others are nothing without the source's own key.
GENERATED_KEYS = {
    name: ENTITIES[name].key[-1]
    for name in (
        "order_lines",
        "payments",
        "returns",
        "interactions",
        "cases",
        "campaign_touches",
        "loyalty_events",
        "referrals",
        "survey_invitations",
    )
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """Where one canonical column comes from.

    Attributes:
        sql: A source column's name, or a DuckDB expression over source columns (all text).
        timestamps: The formats of this column, where they differ from the file group's.
        timezone: The zone of this column, where it differs from the file group's.
    """

    sql: Sql
    timestamps: Listed | None = None
    timezone: Zone = None


Columns = dict[str, Annotated[Column, ColumnSource]]


class EntityRows(_Strict):
    """How the records of a file become rows of one entity.

    Attributes:
        where: Which records; all of them unless given.
        each: An expression that gives a JSON list: one row per element, whose fields are `item.…` (`item_no` counts
        from 1).
        columns: Canonical column to source column or expression.
        amount_basis: For returns: what their amounts include, `goods` or `gross` (with tax and shipping). It fills the
            column of that name.
        unpivot: Blocks of further columns: each block makes a row of each record, unless every source column
            that the block reads is empty (wide to long).
    """

    where: Sql = "true"
    each: Sql | None = None
    columns: Columns
    amount_basis: Literal["goods", "gross"] | None = None
    unpivot: tuple[Columns, ...] = ()

    def blocks(self) -> tuple[Columns, ...]:
        """The columns of each kind of row that one record makes."""
        return tuple({**self.columns, **block} for block in self.unpivot) or (self.columns,)


class Skip(_Strict):
    """Records that are left out on purpose, and counted.

    Attributes:
        name: Its name in the ledger.
        why: For the reader of the ledger.
        where: Which records.
    """

    name: SkipName
    why: str = Field(min_length=1)
    where: Sql


class FileGroup(_Strict):
    """One kind of file of a source, or files that are ignored with a reason.

    Attributes:
        match: Globs; without a slash they are matched with the file's own name at any depth. `.gz` may follow.
        ignore: Why these files are not read. Nothing else is then given.
        format: How the file is read.
        delimiter: Of CSV and TSV.
        quoting: Of CSV and TSV: `double` (fields may be put in double quotes) or `none` (a quote is a character).
        encoding: Of CSV, TSV and JSON; utf-8 is read with or without a byte order mark.
        skip_rows: Physical lines before the header.
        header_rows: Rows of header; the first of them names the columns. 0 where `names` does.
        names: Names of the columns of a file without a header.
        records: For JSON: the dotted path to the list of records; the document itself unless given.
        nulls: Texts that mean "nothing", beside the empty one.
        file_on: A regex searched in the file's name; its first group (or all of it) is the file's own date.
        file_on_format: How that date is written.
        timestamps: Formats of times: DuckDB strptime formats, `iso`, `epoch_s`, `epoch_ms`; the first that fits is
        taken.
        timezone: Zone of times without an offset, where it differs from the mapping's.
        entities: What the records become.
        skips: What is left out; a record that a skip takes lands nowhere.
        delivery: What a later delivery of a file under its name means for keys that it no longer has. They stay, with a
            warning, unless this says otherwise: `full` (they are gone) or `append` (they stay, without a warning).
        lines: Whether the order lines of a delivered order are all lines that it has (`complete`) or may be some of
            them (`partial`). Where nothing is said: complete for JSON lists (`each`) and for lines without a key of
            their own, else partial.
    """

    match: Listed = Field(min_length=1)
    ignore: str | None = Field(default=None, min_length=1)
    format: Format = "csv"
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    quoting: Literal["double", "none"] = "double"
    encoding: Literal["utf-8", "utf-16", "gbk", "gb18030", "latin-1", "windows-1252"] = "utf-8"
    skip_rows: int = Field(default=0, ge=0, strict=True)
    header_rows: int = Field(default=1, ge=0, strict=True)
    names: tuple[str, ...] | None = None
    records: str = ""
    nulls: tuple[str, ...] = ()
    file_on: str | None = None
    file_on_format: str = "%Y-%m-%d"
    timestamps: Listed = ("iso",)
    timezone: Zone = None
    entities: dict[str, EntityRows] = Field(default_factory=dict)
    skips: tuple[Skip, ...] = ()
    delivery: Literal["full", "append"] | None = None
    lines: Literal["complete", "partial"] | None = None

    @property
    def separator(self) -> str:
        """The delimiter in force."""
        return self.delimiter or ("\t" if self.format == "tsv" else ",")

    @property
    def is_text_table(self) -> bool:
        """Whether the file is CSV or TSV."""
        return self.format in ("csv", "tsv")

    @field_validator("delimiter")
    @classmethod
    def _delimits(cls, value: str | None) -> str | None:
        if value is not None and value in '\r\n\0"':
            raise ValueError("a line end, a quote or NUL cannot separate fields")
        return value

    @field_validator("file_on")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.ignore is not None:
            if self.model_fields_set - {"match", "ignore"}:
                raise ValueError("an ignored group has only `match` and `ignore` (the reason)")
            return self
        if not self.entities:
            raise ValueError("`entities` is missing; files to be left alone are declared with `ignore: <reason>`")
        if self.is_text_table and (self.header_rows == 0) != (self.names is not None):
            raise ValueError("`names` goes with `header_rows: 0`, and only with it")
        of_text_tables = {"delimiter", "quoting", "skip_rows", "header_rows", "names"}
        if not self.is_text_table and self.model_fields_set & of_text_tables:
            raise ValueError("`delimiter`, `quoting`, `skip_rows`, `header_rows` and `names` are for csv and tsv")
        if self.records and self.format != "json":
            raise ValueError("`records` is for json")
        if self.lines is not None and "order_lines" not in self.entities:
            raise ValueError("`lines` is about order lines, and the files have none: remove it")
        names = [skip.name for skip in self.skips]
        if len(names) != len(set(names)):
            raise ValueError("two skips have the same name")
        return self

    def row_keys(self, entity: str) -> str:
        """Whose the keys of an entity's rows are: `own`, the source's, or `generated` at landing."""
        key = GENERATED_KEYS.get(entity)
        blocks = self.entities[entity].blocks()
        return "own" if key is None or any(key in block for block in blocks) else "generated"

    def line_lists(self, entity: str) -> str | None:
        """What holds the whole list of an order's lines: a `record`, a `file`, or nothing (None)."""
        if entity != "order_lines" or self.lines == "partial":
            return None
        if self.entities[entity].each:
            return "record"
        return "file" if self.lines == "complete" or self.row_keys(entity) == "generated" else None

    def expressions(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every expression of the group, with its location in the group."""
        for index, skip in enumerate(self.skips):
            yield ("skips", index, "where"), skip.where
        for name, rows in self.entities.items():
            at = ("entities", name)
            yield (*at, "where"), rows.where
            if rows.each:
                yield (*at, "each"), rows.each
            for column, spec in rows.columns.items():
                yield (*at, "columns", column), spec.sql
            for index, block in enumerate(rows.unpivot):
                for column, spec in block.items():
                    yield (*at, "unpivot", index, column), spec.sql


class Mapping(_Strict):
    """A mapping file: one source, and how its files become canonical entities.

    Attributes:
        source: Its name in every table.
        timezone: Zone of its times without an offset.
        currency: Fills `currency` where an entity has it and the mapping gives no expression.
        order_statuses: Which statuses of orders and lines are sales; read by the build, so that a change lands nothing.
        files: One entry per kind of file; the first whose `match` fits takes the file.
    """

    source: SourceName
    timezone: Zone = "UTC"
    currency: CurrencyCode | None = None
    order_statuses: OrderStatuses = OrderStatuses()
    files: tuple[FileGroup, ...] = Field(min_length=1)
    _path: Path = PrivateAttr(default=Path("mapping"))
    _lines: dict[tuple[str | int, ...], int] = PrivateAttr(default_factory=dict)

    def zone(self, group: FileGroup, column: Column | None = None) -> str:
        """The zone in force for a group, or for one of its columns."""
        return (column and column.timezone) or group.timezone or self.timezone or "UTC"

    def where(self, location: tuple[str | int, ...]) -> str:
        """`path:line` of a location in the mapping, for messages."""
        while location and location not in self._lines:
            location = location[:-1]
        return f"{self._path}:{self._lines.get(location, 1)}"
