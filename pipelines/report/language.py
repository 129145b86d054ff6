"""The report in one language: blocks, tables, charts and headline figures as texts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pipelines.report.blocks import Block
from pipelines.report.charts import chart_spec
from pipelines.report.formats import Formats, kind_of
from pipelines.report.headline import Headline, difference
from pipelines.report.source import Result, Source, Value
from pipelines.report.texts import Texts


@dataclass(frozen=True)
class Cell:
    """A cell of a table: what people read, the exact value, and whether it is a number."""

    text: str
    value: str
    is_number: bool


@dataclass(frozen=True)
class Heading:
    """The head of a column, and the anchor of its definition (empty without one)."""

    text: str
    anchor: str
    is_number: bool


@dataclass(frozen=True)
class Definition:
    """What a column means."""

    anchor: str
    label: str
    where: str
    description: str


@dataclass(frozen=True)
class Shown:
    """A block in one language.

    Attributes:
        key: The block's key.
        title: Its title.
        lead: What it shows.
        finding: What it shows in this version, as a sentence; empty if nothing can be said.
        read: How to read it; may be empty.
        needs: What to connect; empty if there are rows with figures.
        headings: The heads of the table.
        rows: The table.
        hidden: How many groups are not shown; empty if none.
        spec: The chart as JSON; empty without a chart.
        is_narrow: Whether two such blocks fit beside each other.
        is_wide: Whether its chart can be wider than a narrow screen, which then scrolls it.
    """

    key: str
    title: str
    lead: str
    finding: str
    read: str
    needs: str
    headings: tuple[Heading, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    hidden: str = ""
    spec: str = ""
    is_narrow: bool = False
    is_wide: bool = False


@dataclass(frozen=True)
class Change:
    """A change of a headline figure: as text, since when, up, down or same, and the exact value."""

    text: str
    since: str
    direction: str
    value: str


@dataclass(frozen=True)
class Figure:
    """A headline figure in one language.

    Attributes:
        key: Its key.
        title: Its name.
        text: The figure.
        value: The exact figure; empty if it is unknown.
        definition: What it means.
        needs: What to connect; empty if the figure is known.
        anchor: The anchor of the definition of its column.
        page: The page with the details.
        interval: Its interval; empty without one.
        changes: Since the last month end and since a year ago.
    """

    key: str
    title: str
    text: str
    value: str
    definition: str
    needs: str
    anchor: str
    page: str
    interval: str = ""
    changes: tuple[Change, ...] = field(default=())


class Language:
    """The report in one language; it collects the definitions that are linked."""

    def __init__(self, source: Source, language: str) -> None:
        self.source = source
        self.texts = Texts(language)
        self.labels = source.labels(language)
        reporting = source.manifest.reporting
        words = {True: self.texts.get("words.yes"), False: self.texts.get("words.no")}
        self.formats = Formats(language, reporting.currency if reporting else "", words)
        self.definitions: dict[str, Definition] = {}

    def heading(self, column: str) -> str:
        """The name of a column."""
        own = self.texts.find(f"columns.{column}")
        return own or self.labels.get(("column", column), column)

    def define(self, marts: tuple[str, ...], column: str) -> str:
        """The anchor of the definition of a column; empty if it is not a column of these marts."""
        for mart in marts:
            for found in self.source.tables[mart].columns if mart in self.source.tables else ():
                if found.name == column:
                    anchor = f"def-{mart}-{column}"
                    reporting = self.source.manifest.reporting
                    description = reporting.named(found.description) if reporting else found.description
                    self.definitions[anchor] = Definition(
                        anchor, self.heading(column), f"{mart}.{column}", " ".join(description.split())
                    )
                    return anchor
        return ""

    def label(self, code_set: str, value: Value) -> Value:
        """The label of a code; the code itself if it has none."""
        if value is None:
            return self.texts.get("words.none")
        found = self.labels.get((code_set, str(value)))
        return found or self.texts.find(f"codes.{code_set}.{value}") or value

    def block(self, block: Block, result: Result, figures: Mapping[str, Value] | None) -> Shown:
        """A block with its table and its chart."""
        texts = self.texts
        finding = texts.get(f"blocks.{block.key}.finding", **self.sentence(figures)) if figures else ""
        needs = "" if result.rows else self._needs(block)
        limit = str(self.source.min_group)
        shown = Shown(
            block.key,
            texts.get(f"blocks.{block.key}.title"),
            texts.get(f"blocks.{block.key}.lead"),
            finding,
            texts.find(f"blocks.{block.key}.read"),
            texts.get("words.hidden_all", limit=limit) if result.hidden and needs else needs,
            is_narrow=block.is_narrow,
        )
        if needs:
            return shown
        labelled = self.labelled(block, result)
        headings = {column: self.heading(column) for column in result.columns}
        heads = tuple(
            Heading(headings[column], self.define(block.marts, column), _is_number(result, column))
            for column in result.columns
        )
        is_drawn = block.chart is not None and any(value is not None for value in result.column(block.chart.measure))
        spec = chart_spec(block.chart, result, labelled, headings, self.formats) if block.chart and is_drawn else None
        return replace(
            shown,
            needs=texts.get(f"needs.{block.needs}") if block.chart and not is_drawn else "",
            headings=heads,
            rows=tuple(self.cells(result, labelled))[: block.shown],
            hidden=texts.get("words.hidden", n=str(result.hidden), limit=limit) if result.hidden else "",
            spec=_json(spec) if spec else "",
            is_wide=bool(spec) and block.chart is not None and block.chart.kind == "heat",
        )

    def _needs(self, block: Block) -> str:
        """Why a block has no rows."""
        is_published = self.source.has(block.marts)
        return self.texts.get(f"needs.{block.needs}" if is_published else "words.not_published")

    def labelled(self, block: Block, result: Result) -> Result:
        """The rows with labels instead of codes."""
        sets = [block.codes.get(column) for column in result.columns]
        rows = tuple(
            tuple(self.label(found, value) if found else value for found, value in zip(sets, row, strict=True))
            for row in result.rows
        )
        return Result(result.columns, rows)

    def cells(self, result: Result, labelled: Result) -> Iterator[tuple[Cell, ...]]:
        """The rows of a table."""
        for row, shown in zip(result.rows, labelled.rows, strict=True):
            yield tuple(
                Cell(self.formats.show(column, text), "" if value is None else str(value), _is_figure(value))
                for column, value, text in zip(result.columns, row, shown, strict=True)
            )

    def sentence(self, figures: Mapping[str, Value], codes: Mapping[str, str] | None = None) -> dict[str, str]:
        """The figures of a sentence as texts."""
        return {
            name: self.formats.show(name, self.label(codes[name], value) if codes and name in codes else value)
            for name, value in figures.items()
        }

    def headline(self, item: Headline) -> Figure:
        """A headline figure as texts."""
        texts, formats = self.texts, self.formats
        mart, _, column = item.source.partition(".")
        interval = ""
        if item.low is not None and item.high is not None:
            low, high = formats.show(item.column, item.low), formats.show(item.column, item.high)
            interval = texts.get("words.interval", low=low, high=high)
        changes = (self._change(item, "month_end", item.before), self._change(item, "year_ago", item.year_ago))
        return Figure(
            key=item.key,
            title=texts.get(f"headlines.{item.key}.title"),
            text=formats.show(item.column, item.value),
            value="" if item.value is None else str(item.value),
            definition=texts.get(f"headlines.{item.key}.definition"),
            needs=texts.get(f"needs.{item.needs}") if item.value is None else "",
            anchor=self.define((mart,), column),
            page=item.page,
            interval=interval,
            changes=tuple(change for change in changes if change),
        )

    def _change(self, item: Headline, since: str, then: Value) -> Change | None:
        """The change of a headline figure; None if one of the figures is unknown."""
        change = difference(item.value, then)
        if change is None:
            return None
        text = self.formats.change(item.column, change)
        if kind_of(item.column) == "share":
            text = self.texts.get("words.points", value=self.formats.points(100 * change))
        day = self.formats.show(since, self.source.days[since])
        return Change(
            text=text,
            since=self.texts.get(f"headlines.{item.key}.{since}", day=day),
            direction="up" if change > 0 else "down" if change < 0 else "same",
            value=str(change),
        )


def _is_figure(value: Value) -> bool:
    return not isinstance(value, str | bool | type(None)) and not hasattr(value, "isoformat")


def _is_number(result: Result, column: str) -> bool:
    return any(_is_figure(value) for value in result.column(column))


def _json(value: object) -> str:
    """JSON that may stand in a <script> element: no tag can end it."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
