"""What changed since the previous version: the main figures, the compared charts, and customers gained and lost.

The figures and the comparison of charts are those of the report (headline.py, compare.py). Only customers gained and
lost need both versions in one query. Equal pairs of versions give equal bytes. publication/changes.py writes the files.
"""

from collections.abc import Mapping, Sequence

import duckdb

from pipelines.base.errors import PublicationError
from pipelines.publication.changes import (
    CURRENCY,
    FIRST,
    KEY,
    REMOVED,
    SCHEMA,
    Changes,
    Figure,
    Moved,
    Number,
    Row,
    Setting,
    Side,
)
from pipelines.report.advice import NOT_COUNTED
from pipelines.report.blocks import Block
from pipelines.report.changes_page import page_of, summary_of
from pipelines.report.compare import differences
from pipelines.report.headline import Headline, difference, headlines
from pipelines.report.language import Language
from pipelines.report.pages.overview import LEVELS_BY_CLASS, QUADRANTS
from pipelines.report.pages.quality import REJECTED
from pipelines.report.source import Result, Source, Value
from pipelines.report.texts import LANGUAGES

BLOCKS = (LEVELS_BY_CLASS, QUADRANTS, REJECTED)


# Per kind: the mart and the column that groups customers. A kind is left out if a version does not have its mart.
MOVES = {
    "levels": ("customer_loyalty", "level"),
    "classes": ("customer_loyalty", "loyalty_class"),
    "audiences": ("customer_audience", "audience"),
}

# Customers gained and lost are shown only if none of the four numbers is small: the fourth follows from three.
_MOVED = """
    with joined as (
        select
            coalesce(now.group_name, earlier.group_name) as group_name,
            earlier.customer_key is not null as was,
            now.customer_key is not null as is_now
        from (select distinct customer_key, {column} as group_name from main.{mart}) as now
        full join (select distinct customer_key, {column} as group_name from earlier.{mart}) as earlier
            on now.customer_key = earlier.customer_key and now.group_name = earlier.group_name
    )

    select
        group_name,
        count(*) filter (where was) as n_then,
        count(*) filter (where is_now) as n_now,
        count(*) filter (where is_now and not was) as n_gained,
        count(*) filter (where was and not is_now) as n_lost
    from joined
    where group_name is not null
    group by group_name
    order by group_name
"""

_REVENUE = """
    select case when count(distinct customer_key) >= $min_group then sum(net_amount) end
    from fct_order
    where is_purchase and ordered_on > $year_ago
"""
_REJECTED = f"select coalesce(sum(n_rows), 0) from rpt_data_issue where {NOT_COUNTED}"  # noqa: S608 (a text of ours)


_SETTINGS = """
    select coalesce(now.setting, earlier.setting) as setting, earlier.value as value_then, now.value as value_now
    from main.rpt_setting as now
    full join earlier.rpt_setting as earlier on now.setting = earlier.setting
    where now.value is distinct from earlier.value
    order by setting
"""


def changes_of(new: Side, before: Side | str) -> tuple[Changes, str]:
    """What changed between two versions, and the page that says it.

    Args:
        new: The new version.
        before: The version that was current before it, or its id if it is no longer kept; empty if there was none.

    Raises:
        PublicationError: The marts are not those that this program reads.
    """
    reasons = _reasons(new, before)
    try:
        with Source(new.folder, new.manifest) as source:
            if isinstance(before, str) or reasons - {KEY}:
                return _described(source, before, reasons, None)
            source.add("earlier", before.folder, before.manifest)
            with Source(before.folder, before.manifest) as earlier:
                return _described(source, before, reasons, earlier)
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise PublicationError(
            f"the marts of {new.manifest.version} cannot be compared: {str(error).partition(chr(10))[0]}",
            hint="`loyalty versions` lists the versions.",
        ) from error


def _reasons(new: Side, before: Side | str) -> frozenset[str]:
    """Why something cannot be compared."""
    if isinstance(before, str):
        return frozenset({REMOVED if before else FIRST})
    now, then = new.manifest, before.manifest
    found = {
        SCHEMA: now.schema_version != then.schema_version,
        CURRENCY: (now.reporting and now.reporting.currency) != (then.reporting and then.reporting.currency),
        KEY: now.inputs.get("key_fingerprint") != then.inputs.get("key_fingerprint"),
    }
    return frozenset(reason for reason, holds in found.items() if holds)


def _described(
    source: Source, before: Side | str, reasons: frozenset[str], earlier: Source | None
) -> tuple[Changes, str]:
    figures = _figures(_headlines(source), _headlines(earlier) if earlier else ())
    now = source.results(BLOCKS) if earlier else {}
    then = earlier.results(BLOCKS) if earlier else {}
    manifest = None if isinstance(before, str) else before.manifest
    found = Changes(
        version=source.manifest.version,
        as_of=source.manifest.as_of,
        compared_with=manifest.version if manifest else str(before) or None,
        compared_as_of=manifest.as_of if manifest else None,
        not_compared=tuple(sorted(reasons)),
        figures=figures,
        settings=_settings(source, earlier) if earlier else (),
        moves=_moves(source, earlier) if earlier and not reasons else (),
        rows=tuple(row for block in BLOCKS for row in _rows(block, then, now)),
        summary={},
    )
    languages = [Language(source, code) for code in LANGUAGES]
    summary = {language.texts.language: summary_of(language, found) for language in languages}
    complete = found.model_copy(update={"summary": summary})
    return complete, page_of(source, languages, complete, BLOCKS)


def _headlines(source: Source) -> tuple[Headline, ...]:
    """The headline figures of the report, and those that only a comparison shows."""
    added = []
    if source.has(("fct_order",)):
        value = source.query(_REVENUE).rows[0][0]
        added.append(Headline("revenue", "net_amount", value, "value", "fct_order.net_amount", "orders"))
    if source.has(("rpt_data_issue",)):
        value = source.query(_REJECTED).rows[0][0]
        added.append(Headline("rejected", "n_rows", value, "quality", "rpt_data_issue.n_rows", "no_rejected"))
    n_warnings = len(source.manifest.warnings)
    return (*headlines(source), *added, Headline("warnings", "n_warnings", n_warnings, "quality", "", "no_issues"))


def _figures(now: Sequence[Headline], then: Sequence[Headline]) -> tuple[Figure, ...]:
    old = {item.key: item.value for item in then}
    return tuple(
        Figure(
            key=item.key,
            column=item.column,
            then=_number(old.get(item.key)),
            now=_number(item.value),
            difference=difference(item.value, old.get(item.key)),
        )
        for item in now
    )


def _settings(source: Source, earlier: Source) -> tuple[Setting, ...]:
    if not all({"setting", "value"} <= _columns(one, "rpt_setting") for one in (source, earlier)):
        return ()
    texts = ((None if value is None else str(value) for value in row) for row in source.query(_SETTINGS).rows)
    return tuple(Setting(setting=str(name), then=then, now=now) for name, then, now in texts)


def _moves(source: Source, earlier: Source) -> tuple[Moved, ...]:
    least = max(source.min_group, earlier.min_group)
    found = []
    for kind, (mart, column) in MOVES.items():
        if not all({"customer_key", column} <= _columns(one, mart) for one in (source, earlier)):
            continue
        for name, then, now, gained, lost in source.query(_MOVED.format(column=column, mart=mart)).rows:
            n_then, n_now, n_gained, n_lost = (
                count if isinstance(count, int) and (count == 0 or count >= least) else None
                for count in (then, now, gained, lost)
            )
            shown = None not in (n_then, n_now, n_gained, n_lost)
            found.append(
                Moved(
                    kind=kind,
                    group=str(name),
                    then=n_then,
                    now=n_now,
                    gained=n_gained if shown else None,
                    lost=n_lost if shown else None,
                )
            )
    return tuple(found)


def _columns(source: Source, mart: str) -> set[str]:
    """The columns of a mart; none if the version does not have it."""
    table = source.tables.get(mart)
    return {column.name for column in table.columns} if table else set()


def _rows(block: Block, then: Mapping[str, Result], now: Mapping[str, Result]) -> tuple[Row, ...]:
    if block.chart is None or not now:
        return ()
    return tuple(
        Row(
            block=block.key,
            measure=block.chart.measure,
            about={column: value if isinstance(value, int) else str(value) for column, value in found.about},
            then=_number(found.then),
            now=_number(found.now),
            difference=difference(found.now, found.then),
        )
        for found in differences(block, then[block.key], now[block.key])
    )


def _number(value: Value) -> Number | None:
    return value if isinstance(value, Number) else None
