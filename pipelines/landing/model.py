"""The model of a mapping file: its keys, their types and defaults.

Only checks that need nothing but the mapping are here. mapping.py reads the file and names its lines,
expression_check.py checks the expressions, and the readers and rows.py apply the mapping. entity_rows.py has the keys
of one entity, entry_parts.py those of look-ups and of records that are left out.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from pipelines.config.values import CurrencyCode
from pipelines.landing.channels import Channels
from pipelines.landing.entity_rows import GENERATED_KEYS, Column, EntityRows, Strict
from pipelines.landing.entry_parts import Lookup, Skip
from pipelines.landing.format_options import OPTIONS, misplaced_options
from pipelines.landing.mapping_values import (
    EntryName,
    Format,
    Listed,
    Positions,
    Regex,
    SourceName,
    Sql,
    Zone,
)
from pipelines.landing.order_statuses import OrderStatuses

# What expressions read under these names is not a column of the file.
_RESERVED = ("columns", "item", "item_no", "envelope")


class FileGroup(Strict):
    """One kind of file of a source, or files that are ignored with a reason.

    Attributes:
        name: A name by which a mapping that extends this one refers to the entry. It does not decide rows.
        match: Globs. A glob without a slash is matched with the file name at any depth. The file name can end in `.gz`
            or `.zip`.
        ignore: Why these files are not read. The group then has no other keys, except `known_by`.
        known_by: For files that are ignored: columns by which a draft recognises such a file under another name. It has
            all of them.
        format: The format of the file.
        delimiter: The delimiter of CSV and TSV.
        quoting: For CSV and TSV: `double` (fields can be in double quotes) or `none` (a quote is a normal character).
        encoding: The encoding of CSV, TSV and JSON; utf-8 can have a byte order mark.
        skip_rows: The number of physical lines (of a workbook: rows) before the header.
        header_rows: The number of header rows; the first one names the columns. It is 0 if `names` is given.
        last_header: For files with a header: per column, a regex that must be found in its cell in the last row of the
            header. A file with fewer rows of header is refused by it, instead of losing its first records.
        names: The column names of a file without a header.
        optional: For files with a header: source columns that a file may lack, or `*` for all. They are NULL then. A
            file that lacks all columns of a key, or of another column that each row needs, is still refused.
        sheet: For workbooks: the names of the sheets to read; `*` and `?` match in the names of visible sheets. The
            default is the only visible sheet that has data.
        records: For JSON: the dotted path to the list of records; the default is the document itself.
        fields: For fixed-width files: the name of each field, with its first and last position, from 1 (`1-10`).
        positions_in: For fixed-width files: whether positions count `characters` (code points of Unicode) or `bytes`.
        short_lines: For fixed-width files: whether a line that ends before the last field does is unreadable
            (`unreadable`), or is filled up with blanks (`fill`).
        unwrap: For JSON and JSON lines: dotted paths of the record inside the object that a tool wraps it in; the first
            path with an object, or with the text of one, applies. Without any, the object itself is the record. The
            fields of the wrapping object are `envelope.…`.
        nulls: Texts that mean "no value", in addition to the empty text.
        file_on: A regex that is searched in the file's name. Its first group (or the whole match) is the file's date.
        file_on_format: The format of that date.
        from_name: Columns whose text is in the file's name, each with a regex. Its first group (or the whole match) is
            the text. Expressions read them like columns of the file.
        timestamps: The formats of times: DuckDB strptime formats, `iso`, `epoch_s`, `epoch_ms`, `excel_1900`,
            `excel_1904` (Excel's day numbers). The first format that fits is used.
        timezone: The zone of times without an offset, if it differs from the mapping's.
        entities: The entities that the records become.
        lookups: Look-ups that these files give to other files of the source.
        look_up: The look-ups whose values these files read as `name.column`, each with the column or expression that
            gives a record's key.
        skips: The records that are left out. A record that a skip takes does not land.
        delivery: What happens to keys that a later delivery under the same file name no longer has. By default they
            stay, with a warning. `full`: they are removed. `append`: they stay, without a warning.
        lines: Whether the delivered order lines of an order are all its lines (`complete`) or may be only some of them
            (`partial`). The default is complete for JSON lists (`each`) and for lines without a key of their own, else
            partial.
    """

    name: EntryName | None = None
    match: Listed = Field(min_length=1)
    ignore: str | None = Field(default=None, min_length=1)
    known_by: Listed = ()
    format: Format = "csv"
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    quoting: Literal["double", "none"] = "double"
    encoding: Literal["utf-8", "utf-16", "gbk", "gb18030", "latin-1", "windows-1252"] = "utf-8"
    skip_rows: int = Field(default=0, ge=0, strict=True)
    header_rows: int = Field(default=1, ge=0, strict=True)
    last_header: dict[str, Regex] = Field(default_factory=dict)
    names: tuple[str, ...] | None = None
    optional: Listed = ()
    sheet: Listed | None = None
    records: str = ""
    fields: dict[str, Positions] | None = Field(default=None, min_length=1)
    positions_in: Literal["characters", "bytes"] = "characters"
    short_lines: Literal["unreadable", "fill"] = "unreadable"
    unwrap: Listed = ()
    nulls: tuple[str, ...] = ()
    file_on: Regex | None = None
    file_on_format: str = "%Y-%m-%d"
    from_name: dict[EntryName, Regex] = Field(default_factory=dict)
    timestamps: Listed = ("iso",)
    timezone: Zone = None
    entities: dict[str, EntityRows] = Field(default_factory=dict)
    lookups: dict[EntryName, Lookup] = Field(default_factory=dict)
    look_up: dict[EntryName, Sql] = Field(default_factory=dict)
    skips: tuple[Skip, ...] = ()
    delivery: Literal["full", "append"] | None = None
    lines: Literal["complete", "partial"] | None = None
    _declared: "FileGroup | None" = PrivateAttr(default=None)
    _name_texts: tuple[str, ...] | None = PrivateAttr(default=None)
    _of_names: dict[tuple[str, ...], "FileGroup"] = PrivateAttr(default_factory=dict)

    @property
    def separator(self) -> str:
        """The delimiter that applies."""
        return self.delimiter or ("\t" if self.format == "tsv" else ",")

    @property
    def declared(self) -> "FileGroup":
        """The entry of the mapping, without the texts of a file's name."""
        return self._declared or self

    @property
    def name_texts(self) -> dict[str, str | None]:
        """The texts of the file's name by column (`from_name`); None for an entry without a file."""
        return dict(zip(self.from_name, self._name_texts or (None,) * len(self.from_name), strict=True))

    def with_name_texts(self, texts: tuple[str, ...]) -> "FileGroup":
        """The entry for a file with these texts in its name; always the same object for the same texts."""
        if not texts:
            return self
        one = self._of_names.get(texts)
        if one is None or one._declared is not self:  # a changed copy of an entry begins with the same dict
            one = self.model_copy()
            one._declared, one._name_texts, one._of_names = self, texts, {}
            self._of_names = {**self._of_names, texts: one}
        return one

    @property
    def is_text_table(self) -> bool:
        """Whether the file is CSV or TSV."""
        return self.format in ("csv", "tsv")

    @property
    def has_header(self) -> bool:
        """Whether the file has a header row, unless the mapping names the columns."""
        return "header_rows" in OPTIONS[self.format]

    @field_validator("delimiter")
    @classmethod
    def _delimits(cls, value: str | None) -> str | None:
        if value is not None and value in '\r\n\0"':
            raise ValueError("a line end, a quote or NUL cannot be the delimiter")
        return value

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if self.ignore is not None:
            if self.model_fields_set - {"name", "match", "ignore", "known_by"}:
                raise ValueError("an entry with `ignore` can have no other keys than `match`, `ignore` and `known_by`")
            return self
        if self.known_by:
            raise ValueError("`known_by` is only for files with `ignore`: remove it")
        if not self.entities and not self.lookups:
            raise ValueError("`entities` is missing; if the files must not be read, declare `ignore: <reason>`")
        if self.has_header and (self.header_rows == 0) != (self.names is not None):
            raise ValueError("`names` and `header_rows: 0` must be used together")
        if misplaced := misplaced_options(self.format, self.model_fields_set):
            raise ValueError(misplaced)
        if (self.format == "fixed") != (self.fields is not None):
            raise ValueError("`fields` is missing: write each field with its first and last position: `order: 1-10`")
        if self.fields and len({name.lower() for name in self.fields}) < len(self.fields):
            raise ValueError("two `fields` have names that differ only in case: rename one of them")
        if self.positions_in == "bytes" and self.encoding == "utf-16":
            raise ValueError("`positions_in: bytes` is not possible with utf-16: count characters")
        if self.lines is not None and "order_lines" not in self.entities:
            raise ValueError("`lines` is about order lines, but these files have none: remove it")
        for name in self.from_name:
            if name in (*_RESERVED, *self.look_up, *(field.lower() for field in self.fields or ())):
                raise ValueError(f"`{name}` in `from_name` is also the name of something else: choose another name")
        names = [skip.name for skip in self.skips]
        if len(names) != len(set(names)):
            raise ValueError("two skips have the same name")
        return self

    def row_keys(self, entity: str) -> str:
        """Where the keys of an entity's rows come from: `own` (the source) or `generated` (landing)."""
        key = GENERATED_KEYS.get(entity)
        blocks = self.entities[entity].blocks()
        return "own" if key is None or any(key in block for block in blocks) else "generated"

    def line_lists(self, entity: str) -> str | None:
        """What contains all lines of an order: a `record`, a `file`, or neither (None)."""
        if entity != "order_lines" or self.lines == "partial":
            return None
        if self.entities[entity].each:
            return "record"
        return "file" if self.lines == "complete" or self.row_keys(entity) == "generated" else None

    def expressions(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every expression of the group, with its location in the group."""
        for index, skip in enumerate(self.skips):
            yield ("skips", index, "where"), skip.where
        for name, given in self.lookups.items():
            yield ("lookups", name, "key"), given.key
            for column, sql in given.columns.items():
                yield ("lookups", name, "columns", column), sql
        for name, sql in self.look_up.items():
            yield ("look_up", name), sql
        for name, rows in self.entities.items():
            at = ("entities", name)
            yield (*at, "where"), rows.where
            if rows.each:
                yield (*at, "each"), rows.each
            if rows.wording:
                yield (*at, "wording"), rows.wording
            for column, spec in rows.columns.items():
                yield (*at, "columns", column), spec.sql
            for index, block in enumerate(rows.unpivot):
                for column, spec in block.items():
                    yield (*at, "unpivot", index, column), spec.sql


class Mapping(Strict):
    """A mapping file: one source, and how its files become canonical entities.

    Attributes:
        extends: The built-in mapping that this one changes; the other keys are already merged (extending.py).
        source: The source's name in every table.
        timezone: The zone of times without an offset.
        currency: The value of `currency` for entities that have this column, if the mapping has no expression for it.
        order_statuses: Which statuses of orders and lines are sales. The build reads them, so a change of them does not
            land files again.
        channels: What the source's own words for channels mean. The build reads them too.
        files: One entry per kind of file. A file belongs to the first entry whose `match` fits.
    """

    extends: str | None = None
    source: SourceName
    timezone: Zone = "UTC"
    currency: CurrencyCode | None = None
    order_statuses: OrderStatuses = OrderStatuses()
    channels: Channels = Field(default_factory=dict)
    files: tuple[FileGroup, ...] = Field(min_length=1)
    _path: Path = PrivateAttr(default=Path("mapping"))
    _lines: dict[tuple[str | int, ...], int] = PrivateAttr(default_factory=dict)
    _inherited: dict[tuple[str | int, ...], str] = PrivateAttr(default_factory=dict)
    _is_built_in: bool = PrivateAttr(default=False)

    @field_validator("files")
    @classmethod
    def _names_are_unique(cls, files: tuple[FileGroup, ...]) -> tuple[FileGroup, ...]:
        names = [group.name for group in files if group.name]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two entries have the name `{twice[0]}`: rename one of them")
        return files

    def zone(self, group: FileGroup, column: Column | None = None) -> str:
        """The time zone that applies to a group, or to one of its columns."""
        return (column and column.timezone) or group.timezone or self.timezone or "UTC"

    def lookups_named(self, name: str) -> list[Lookup]:
        """What the entries of the mapping declare about a look-up."""
        return [group.lookups[name] for group in self.files if name in group.lookups]

    def level(self, group: FileGroup) -> int:
        """The number of steps of look-ups on which the files of a group depend: those of a lower level land first."""
        givers = (one for one in self.files if group.look_up.keys() & one.lookups.keys())
        return 1 + max(map(self.level, givers), default=0) if group.look_up else 0

    @property
    def path(self) -> Path:
        """The file of the mapping."""
        return self._path

    def is_built_in(self, location: tuple[str | int, ...]) -> bool:
        """Whether a location is that of a built-in mapping: this one, or one that it extends without a change there."""
        return self._is_built_in or location in self._inherited

    def where(self, location: tuple[str | int, ...]) -> str:
        """`path:line` of a location in the mapping, for messages; for inherited parts also that of the built-in one."""
        while location and location not in self._lines:
            location = location[:-1]
        inherited = self._inherited.get(location)
        return f"{self._path}:{self._lines.get(location, 1)}{f' (inherited: {inherited})' if inherited else ''}"
