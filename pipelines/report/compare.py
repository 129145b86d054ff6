"""Two versions side by side: the main figures, and every figure of a chart that differs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.report.blocks import Block
from pipelines.report.formats import kind_of
from pipelines.report.headline import Headline, difference
from pipelines.report.language import Language
from pipelines.report.source import Result, Value

Side = tuple[str, str, str, str]  # what it is about, the other version, this version, the difference


@dataclass(frozen=True)
class Difference:
    """A figure that differs: what it is about, by column, and its value in both versions; None without one."""

    about: tuple[tuple[str, Value], ...]
    then: Value
    now: Value


@dataclass(frozen=True)
class Comparison:
    """One table of the comparison: its title, the name of the figure, and the rows that differ.

    `heads` are the headings of the columns after the first; without them: both versions, and the difference.
    """

    key: str
    title: str
    figure: str
    rows: tuple[tuple[str, ...], ...]
    heads: tuple[str, ...] = ()


def comparisons(
    language: Language,
    blocks: Sequence[Block],
    results: tuple[Mapping[str, Result], Mapping[str, Result]],
    top: tuple[Sequence[Headline], Sequence[Headline]],
) -> tuple[Comparison, ...]:
    """The tables of the comparison in one language.

    Args:
        language: The language of this version.
        blocks: The blocks of the report.
        results: The rows of each block, of the other version and of this version.
        top: The headline figures of the other version and of this version.
    """
    texts = language.texts
    earlier = {item.key: item.value for item in top[0]}
    rows = tuple(
        (texts.get(f"headlines.{item.key}.title"), *side(language, item.column, earlier.get(item.key), item.value))
        for item in top[1]
    )
    found = [Comparison("headlines", texts.get("headlines.title"), "", rows)]
    for block in blocks:
        if block.chart is None:
            continue
        measure = block.chart.measure
        then, now = (version[block.key] for version in results)
        sides = tuple(shown(language, block, found) for found in differences(block, then, now))
        if sides:
            title = texts.get(f"blocks.{block.key}.title")
            found.append(Comparison(block.key, title, language.heading(measure), sides))
    return tuple(found)


def differences(block: Block, then: Result, now: Result) -> Iterator[Difference]:
    """The rows of a block whose figure differs or is in one version only."""
    old, new = _figures(block, then), _figures(block, now)
    for key in dict.fromkeys((*new, *old)):
        if old.get(key) != new.get(key):
            yield Difference(key, old.get(key), new.get(key))


def shown(language: Language, block: Block, found: Difference) -> Side:
    """A row of the comparison as texts."""
    measure = block.chart.measure if block.chart else ""
    names = (
        language.formats.show(column, language.label(block.codes[column], value))
        if column in block.codes
        else language.formats.show(column, value)
        for column, value in found.about
    )
    return (" · ".join(names), *side(language, measure, found.then, found.now))


def _figures(block: Block, result: Result) -> dict[tuple[tuple[str, Value], ...], Value]:
    """The figure of each row by the columns that say what the row is about."""
    if block.chart is None or not result.rows:
        return {}
    measure = block.chart.measure
    roles = (block.chart.y, block.chart.x, block.chart.colour, block.chart.value)
    columns = [name for name in dict.fromkeys(roles) if name and name != measure and _is_key(result, name)]
    values = zip(*(result.column(name) for name in columns), strict=True)
    return {
        tuple(zip(columns, key, strict=True)): figure
        for key, figure in zip(values, result.column(measure), strict=True)
    }


def _is_key(result: Result, column: str) -> bool:
    """Whether a column says what a row is about: a text, a day, or a number of periods."""
    return all(
        value is None or isinstance(value, str | int) or hasattr(value, "day") for value in result.column(column)
    )


def side(language: Language, column: str, then: Value, now: Value) -> tuple[str, str, str]:
    """Both figures and their difference as texts."""
    formats, change = language.formats, difference(now, then)
    if change is None:
        text = ""
    elif kind_of(column) == "share":
        text = language.texts.get("words.points", value=formats.points(100 * change))
    else:
        text = formats.change(column, change)
    return formats.show(column, then), formats.show(column, now), text
