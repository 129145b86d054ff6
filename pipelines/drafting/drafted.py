"""What a draft consists of: entries, entities, columns, and remarks on them; and what the user says about a source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipelines.config.values import DateOrder, DecimalMark
from pipelines.landing.open_marks import DECISIVE, OPEN


@dataclass(frozen=True)
class Remark:
    """Something that the user should know about a draft.

    Attributes:
        text: What was found.
        is_open: Whether the data leave it open, so that the user has to decide it.
        is_assumed: Whether it is neither in the data nor said by the user.
        is_decisive: Whether numbers or dates are wrong if the draft is. A run refuses the mapping until it is decided.
        answer: What the user can say instead of changing the draft (an attribute of `Wishes`); empty if nothing.
    """

    text: str
    is_open: bool = False
    is_assumed: bool = False
    is_decisive: bool = False
    answer: Literal["", "dates", "decimals"] = ""

    @property
    def label(self) -> str:
        """The mark in front of the text; empty if it is only for information."""
        if self.is_open:
            return DECISIVE if self.is_decisive else OPEN
        return "assumed" if self.is_assumed else ""


def decisive(text: str, answer: Literal["", "dates", "decimals"] = "") -> Remark:
    """A remark on something that has to be decided before a run, because numbers or dates depend on it."""
    return Remark(text, is_open=True, is_decisive=True, answer=answer)


@dataclass(frozen=True)
class DraftedColumn:
    """A canonical column of a draft.

    Attributes:
        sql: The expression.
        timestamps: Its time formats, if it is a time.
        timezone: Its zone, if its name says one.
        is_local: Whether it has times whose zone neither the values nor the name say.
        remarks: What the user should know about it.
    """

    sql: str
    timestamps: tuple[str, ...] = ()
    timezone: str | None = None
    is_local: bool = False
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class DraftedEntity:
    """An entity of a draft.

    Attributes:
        name: The canonical entity.
        columns: Its columns.
        each: The list that has its rows; None if each record is a row.
        where: The condition on its rows; None if all records have one.
        wording: The expression of the wording by which questions are recognised.
        unpivot: Columns per block, if a record has several rows.
        remarks: What the user should know about it.
    """

    name: str
    columns: Mapping[str, DraftedColumn]
    each: str | None = None
    where: str | None = None
    wording: str | None = None
    unpivot: tuple[Mapping[str, DraftedColumn], ...] = ()
    remarks: tuple[Remark, ...] = ()

    def blocks(self) -> tuple[Mapping[str, DraftedColumn], ...]:
        """The columns, then those that each block adds."""
        return (self.columns, *self.unpivot)


@dataclass(frozen=True)
class DraftedEntry:
    """A file entry of a draft.

    Attributes:
        name: Its name.
        match: Its globs.
        options: The keys that say how the file is read.
        entities: What its records become; empty if the files are ignored.
        ignore: Why the files are ignored; empty if they are read.
        remarks: What the user should know about it.
        unmapped: The source columns that no canonical column reads.
        statuses: Words for statuses that no list knows, with the number of sampled rows.
        are_statuses_unknown: Whether most of the rows have such a status.
        numbers: Of orders, the columns of numbers among the unmapped ones.
        order_ids: Of orders and order lines, the numbers of orders, if the whole file was examined.
    """

    name: str
    match: tuple[str, ...]
    options: Mapping[str, str | int] = field(default_factory=dict)
    entities: tuple[DraftedEntity, ...] = ()
    ignore: str = ""
    remarks: tuple[Remark, ...] = ()
    unmapped: tuple[str, ...] = ()
    statuses: tuple[tuple[str, int], ...] = ()
    are_statuses_unknown: bool = False
    numbers: tuple[str, ...] = ()
    order_ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wishes:
    """What the user says about a source.

    Attributes:
        source: Its name.
        timezone: The zone of times without an offset.
        currency: The currency of amounts without one.
        entity: The entity of the files.
        columns: Source columns by canonical column.
        are_defaults: Whether zone and currency apply only where no built-in mapping says something else.
        dates: The order of day and month in dates that can be read both ways.
        decimals: The decimal mark of numbers that can be read both ways.
    """

    source: str | None = None
    timezone: str | None = None
    currency: str | None = None
    entity: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    are_defaults: bool = False
    dates: DateOrder | None = None
    decimals: DecimalMark | None = None


@dataclass(frozen=True)
class Draft:
    """A drafted mapping.

    Attributes:
        text: The mapping file.
        source: The name of the source.
        built_in: The built-in mapping that reads all files as they are; no mapping file is needed then.
        remarks: What the user should know: the file or entry, and the remark.
        unmapped: Per entry the columns that it does not read.
        sampled: Per entry, which records its types and counts come from.
        no_questions: Per entry of a built-in mapping for surveys, the columns that it leaves out as no questions.
    """

    text: str
    source: str
    built_in: str | None = None
    remarks: tuple[tuple[str, Remark], ...] = ()
    unmapped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sampled: Mapping[str, str] = field(default_factory=dict)
    no_questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
