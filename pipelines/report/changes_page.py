"""The page of what changed, and its summary of at most ten lines, in both languages."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.publication.changes import KEY, Changes, Figure, Moved
from pipelines.report.blocks import Block
from pipelines.report.compare import Comparison, Difference, Side, shown, side
from pipelines.report.language import Language
from pipelines.report.source import Source

_FOLDER = Path(__file__).parent / "templates"
_TAGS = {"en": "en", "zh": "zh-Hans"}
# Per kind of group: its code set in dim_label. The names of audiences are the user's own.
_CODES = {"levels": "level", "classes": "loyalty_class"}
_IN_SUMMARY = ("customers", "active", "revenue", "nps", "at_risk")
_QUALITY = ("rejected", "warnings")
_GROUPS = 8  # groups in a line of the summary, and settings


def summary_of(language: Language, found: Changes) -> tuple[str, ...]:
    """At most ten lines: numbers, days, and the names of figures and groups."""
    texts = language.texts
    if found.not_compared and found.not_compared != (KEY,):
        return (_title(language, found), *(_reason(language, found, reason) for reason in found.not_compared))
    lines = [_title(language, found)]
    if names := [one.setting for one in found.settings]:
        more = f" (+{len(names) - _GROUPS})" if len(names) > _GROUPS else ""
        lines.append(f"{texts.get('changes.settings')}: {', '.join(names[:_GROUPS])}{more}")
    for key in _IN_SUMMARY:
        lines += [_line(language, item) for item in found.figures if item.key == key and _is_known(item)]
    for kind in ("levels", "audiences"):
        changed = [one for one in found.moves if one.kind == kind and (one.gained or one.lost)]
        parts = [f"{_group(language, one)} +{one.gained} −{one.lost}" for one in changed[:_GROUPS]]
        if parts:
            lines.append(f"{texts.get(f'changes.moves.{kind}')}: {'; '.join(parts)}")
    quality = [_line(language, item) for item in found.figures if item.key in _QUALITY and _is_known(item)]
    return (*lines, "; ".join(quality))


def _is_known(item: Figure) -> bool:
    return item.then is not None or item.now is not None


def _title(language: Language, found: Changes) -> str:
    then = found.compared_with or language.texts.get("changes.nothing")
    return language.texts.get("changes.title", now=found.version, then=then)


def _reason(language: Language, found: Changes, reason: str) -> str:
    return language.texts.get(f"changes.reasons.{reason}", then=found.compared_with or "")


def _line(language: Language, item: Figure) -> str:
    then, now, change = side(language, item.column, item.then, item.now)
    title = language.texts.get(f"headlines.{item.key}.title")
    return f"{title}: {then} → {now}" + (f" ({change})" if change else "")


def _group(language: Language, one: Moved) -> str:
    code_set = _CODES.get(one.kind)
    return language.formats.show(one.kind, language.label(code_set, one.group)) if code_set else one.group


def _moved(language: Language, one: Moved) -> Side:
    """A group with the customers that it gained, that it lost, and that it has now."""
    gained, lost, now = (language.formats.show("n_customers", n) for n in (one.gained, one.lost, one.now))
    return (_group(language, one), gained, lost, now)


def _tables(language: Language, found: Changes, blocks: Sequence[Block]) -> tuple[Comparison, ...]:
    texts = language.texts
    rows = tuple(
        (texts.get(f"headlines.{item.key}.title"), *side(language, item.column, item.then, item.now))
        for item in found.figures
    )
    tables = [Comparison("headlines", texts.get("headlines.title"), "", rows)]
    if found.settings:
        settings = tuple((one.setting, one.then or "", one.now or "") for one in found.settings)
        versions = (found.compared_with or "", found.version)
        tables.append(Comparison("settings", texts.get("changes.settings"), "", settings, versions))
    for kind in dict.fromkeys(one.kind for one in found.moves):
        moved = tuple(_moved(language, one) for one in found.moves if one.kind == kind)
        heads = tuple(texts.get(f"changes.{name}") for name in ("gained", "lost", "now"))
        tables.append(Comparison(kind, texts.get(f"changes.moves.{kind}"), "", moved, heads))
    for block in blocks:
        rows = tuple(
            shown(language, block, Difference(tuple(row.about.items()), row.then, row.now))
            for row in found.rows
            if row.block == block.key
        )
        if rows:
            title = texts.get(f"blocks.{block.key}.title")
            measure = block.chart.measure if block.chart else ""
            tables.append(Comparison(block.key, title, language.heading(measure), rows))
    return tuple(tables)


def page_of(source: Source, languages: Sequence[Language], found: Changes, blocks: Sequence[Block]) -> str:
    """The page as one HTML file that loads nothing.

    Args:
        source: The new version.
        languages: The new version in each language.
        found: What changed.
        blocks: The charts that were compared.
    """
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("changes.html.j2").render(
        languages=[
            {
                "code": language.texts.language,
                "tag": _TAGS[language.texts.language],
                "t": language.texts.get,
                "as_of": language.formats.show("as_of_on", found.as_of),
                "then_on": language.formats.show("as_of_on", found.compared_as_of) if found.compared_as_of else "",
                "compared": found.compared_with or "",
                "title": _title(language, found),
                "summary": found.summary[language.texts.language][1:],
                "reasons": [_reason(language, found, reason) for reason in found.not_compared],
                "comparison": _tables(language, found, blocks),
            }
            for language in languages
        ],
        version=found.version,
        limit=source.min_group,
        reporting=source.manifest.reporting,
        css=(_FOLDER / "report.css").read_text(encoding="utf-8"),
        script=(_FOLDER / "report.js").read_text(encoding="utf-8"),
    )
