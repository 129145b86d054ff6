"""Puts the report together: queries, texts, charts and tables become one HTML file. Jinja2 escapes every value."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.publication.model import Manifest
from pipelines.report.advice import advice
from pipelines.report.blocks import Block, Page
from pipelines.report.charts import chart_spec
from pipelines.report.formats import Formats, kind_of
from pipelines.report.headline import Headline, difference, headlines
from pipelines.report.pages import PAGES
from pipelines.report.source import Result, Source, Value
from pipelines.report.texts import LANGUAGES, Texts

_FOLDER = Path(__file__).parent


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
        needs: What to connect; empty if there are rows.
        headings: The heads of the table.
        rows: The table.
        hidden: How many groups are not shown; empty if none.
        spec: The chart as JSON; empty without a chart.
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


class _Language:
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
        needs = "" if result.rows else texts.get(f"needs.{block.needs}")
        limit = str(self.source.min_group)
        shown = Shown(
            block.key,
            texts.get(f"blocks.{block.key}.title"),
            texts.get(f"blocks.{block.key}.lead"),
            finding,
            texts.find(f"blocks.{block.key}.read"),
            texts.get("words.hidden_all", limit=limit) if result.hidden and needs else needs,
        )
        if needs:
            return shown
        labelled = self.labelled(block, result)
        headings = {column: self.heading(column) for column in result.columns}
        heads = tuple(
            Heading(headings[column], self.define(block.marts, column), _is_number(result, column))
            for column in result.columns
        )
        spec = chart_spec(block.chart, result, labelled, headings, self.formats) if block.chart else None
        return Shown(
            **{
                **vars(shown),
                "headings": heads,
                "rows": tuple(self.cells(result, labelled))[: block.shown],
                "hidden": texts.get("words.hidden", n=str(result.hidden), limit=limit) if result.hidden else "",
                "spec": _json(spec) if spec else "",
            }
        )

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

    def headline(self, item: Headline) -> dict[str, Any]:
        """A headline figure as texts."""
        texts, formats = self.texts, self.formats
        mart, _, column = item.source.partition(".")
        shown: dict[str, Any] = {
            "key": item.key,
            "title": texts.get(f"headlines.{item.key}.title"),
            "text": formats.show(item.column, item.value),
            "value": "" if item.value is None else str(item.value),
            "definition": texts.get(f"headlines.{item.key}.definition"),
            "needs": texts.get(f"needs.{texts.get(f'headlines.{item.key}.needs')}") if item.value is None else "",
            "anchor": self.define((mart,), column),
            "page": item.page,
            "changes": [],
            "interval": "",
        }
        if item.low is not None and item.high is not None:
            low, high = formats.show(item.column, item.low), formats.show(item.column, item.high)
            shown["interval"] = texts.get("words.interval", low=low, high=high)
        for name, then in (("month_end", item.before), ("year_ago", item.year_ago)):
            change = difference(item.value, then)
            if change is None:
                continue
            kind = kind_of(item.column)
            text = formats.change(item.column, change)
            if kind == "share":
                text = texts.get("words.points", value=formats.points(100 * change))
            elif item.column == "nps":
                text = formats.points(change)
            shown["changes"].append(
                {
                    "text": text,
                    "since": texts.get(f"headlines.{item.key}.{name}", day=formats.show(name, self.source.days[name])),
                    "direction": "up" if change > 0 else "down" if change < 0 else "same",
                    "value": str(change),
                }
            )
        return shown


def _is_figure(value: Value) -> bool:
    return not isinstance(value, str | bool | type(None)) and not hasattr(value, "isoformat")


def _is_number(result: Result, column: str) -> bool:
    return any(_is_figure(value) for value in result.column(column))


def _json(value: object) -> str:
    """JSON that may stand in a <script> element: no tag can end it."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def render(source: Source) -> str:
    """The report of a version as one HTML file. Equal versions give equal bytes."""
    results = {block.key: source.result(block) for page in PAGES for block in page.blocks}
    figures = {block.key: source.finding(block) for page in PAGES for block in page.blocks}
    top, to_do = headlines(source), advice(source)
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    languages = []
    for code in LANGUAGES:
        language = _Language(source, code)
        pages = [
            {
                "key": page.key,
                "title": language.texts.get(f"pages.{page.key}.title"),
                "lead": language.texts.get(f"pages.{page.key}.lead"),
                "blocks": [language.block(block, results[block.key], figures[block.key]) for block in page.blocks],
            }
            for page in PAGES
        ]
        languages.append(
            {
                "code": code,
                "tag": {"en": "en", "zh": "zh-Hans"}[code],
                "t": language.texts.get,
                "as_of": language.formats.show("as_of_on", source.manifest.as_of),
                "headlines": [language.headline(item) for item in top],
                "advice": [
                    {
                        "title": language.texts.get(f"advice.{item.key}.title"),
                        "text": language.texts.get(f"advice.{item.key}.text", **language.sentence(values, item.codes)),
                        "page": item.page,
                        "key": item.key,
                    }
                    for item, values in to_do
                ],
                "pages": pages,
                "gates": _gates(source.manifest),
                "files": _files(source.manifest),
                "warnings": source.manifest.warnings,
                "definitions": [language.definitions[anchor] for anchor in sorted(language.definitions)],
            }
        )
    return environment.get_template("report.html.j2").render(
        languages=languages,
        version=source.manifest.version,
        reporting=source.manifest.reporting,
        css=(_FOLDER / "templates" / "report.css").read_text(encoding="utf-8"),
        script=(_FOLDER / "templates" / "report.js").read_text(encoding="utf-8"),
        vega=(_FOLDER / "vendor" / "vega.js").read_text(encoding="utf-8"),
    )


def _gates(manifest: Manifest) -> list[str]:
    """The pages with the results of the gates, as paths in the version."""
    return [file.path for file in manifest.documents if file.path.startswith("quality/")]


def _files(manifest: Manifest) -> list[dict[str, object]]:
    """Per source: the number of files and records, and the date of the latest file."""
    found: dict[str, dict[str, Any]] = {}
    files = manifest.inputs.get("files")
    for file in files if isinstance(files, list) else []:
        if isinstance(file, dict):
            entry = found.setdefault(str(file["source"]), {"files": 0, "records": 0, "latest": ""})
            records = file.get("records")
            entry["files"] += 1
            entry["records"] += records if isinstance(records, int) else 0
            entry["latest"] = max(entry["latest"], str(file.get("file_on") or ""))
    return [{"source": source, **found[source]} for source in sorted(found)]
