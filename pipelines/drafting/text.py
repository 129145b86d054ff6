"""Writes drafted entries as the text of a mapping file, with remarks as comments."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

import yaml

from pipelines.base.text import escaped, printable_name
from pipelines.drafting.drafted import DraftedColumn, DraftedEntity, DraftedEntry, Remark
from pipelines.landing.open_marks import CONTINUED

_WIDTH = 104  # a comment is indented further


def scalar(value: str | int | None) -> str:
    """A value in YAML, on one line. A whole number needs no quotes: a mapping reads it as text."""
    if value is None:
        return "null"
    text = str(value)
    if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0"):
        return text
    plain = yaml.safe_dump(value, allow_unicode=True, width=1_000_000).removesuffix("...\n").strip()
    return json.dumps(text, ensure_ascii=False) if plain.startswith("'") and "\\" not in text else plain


def scalars(values: Sequence[str]) -> str:
    """One value, or a list on one line."""
    return scalar(values[0]) if len(values) == 1 else f"[{', '.join(_in_list(value) for value in values)}]"


def _in_list(value: str) -> str:
    text = scalar(value)
    return json.dumps(value, ensure_ascii=False) if set(text) & set(",[]{}") and text[0] not in "'\"" else text


def comment(text: str, indent: int) -> Iterator[str]:
    """A comment of one or more lines. A name from a file cannot end it."""
    for line in wrap(escaped(" ".join(text.split())), _WIDTH - indent, subsequent_indent=CONTINUED):
        yield f"{' ' * indent}# {line}"


def head_text(values: Mapping[str, str | None], remarks: Sequence[Remark]) -> Iterator[str]:
    """The keys of the mapping itself."""
    for remark in remarks:
        yield from comment(_said(remark), 0)
    for key, value in values.items():
        if value is not None:
            yield f"{key}: {scalar(value)}"


def status_text(statuses: Mapping[str, int], label: str) -> Iterator[str]:
    """Words for statuses that no list knows, as a comment to complete with the label of an open mark."""
    if statuses:
        yield from comment(
            f"{label}: these statuses are unknown, so orders with them do not count. Give each a class (sale, pending,"
            " cancelled, test), and remove the # signs:",
            0,
        )
        yield "# order_statuses:"
        yield f"#   sale: [{', '.join(_in_list(printable_name(word)) for word in statuses)}]"


def entry_text(entry: DraftedEntry, lead: str = "  - ") -> Iterator[str]:
    """A file entry; `lead` is what stands before its first key."""
    pad = " " * len(lead)
    lines = list(_entry_keys(entry))
    yield ""
    for remark in entry.remarks:
        yield from comment(_said(remark), len(lead) - 2 if lead.endswith("- ") else len(lead))
    yield f"{lead}{lines[0]}"
    yield from (f"{pad}{line}" if line else "" for line in lines[1:])
    if entry.unmapped:
        yield from comment(f"not mapped: {', '.join(entry.unmapped)}", len(pad))


def _entry_keys(entry: DraftedEntry) -> Iterator[str]:
    yield f"name: {scalar(entry.name)}"
    yield f"match: {scalars(entry.match)}"
    if entry.ignore:
        yield f"ignore: {scalar(entry.ignore)}"
        return
    for key, value in entry.options.items():
        yield f"{key}: {scalar(value)}"
    usual = usual_formats(entry)
    if usual != ("iso",):
        yield f"timestamps: {scalars(usual)}"
    yield "entities:"
    for entity in entry.entities:
        yield from (f"  {line}" for line in _entity_lines(entity, usual))


def usual_formats(entry: DraftedEntry) -> tuple[str, ...]:
    """The time formats of most columns."""
    counted = Counter(
        column.timestamps
        for entity in entry.entities
        for block in entity.blocks()
        for column in block.values()
        if column.timestamps and not _is_open_time(column)
    )
    return counted.most_common(1)[0][0] if counted else ("iso",)


def _is_open_time(column: DraftedColumn) -> bool:
    """Whether the format of a column is to decide: then the column itself states it, below the mark."""
    return any(remark.answer == "dates" for remark in column.remarks)


def _entity_lines(entity: DraftedEntity, usual: tuple[str, ...]) -> Iterator[str]:
    for remark in entity.remarks:
        yield from comment(_said(remark), 0)
    yield f"{entity.name}:"
    if entity.where:
        yield f"  where: {scalar(entity.where)}"
    if entity.each:
        yield f"  each: {scalar(entity.each)}"
    if entity.wording:
        yield f"  wording: {scalar(entity.wording)}"
    yield "  columns:"
    yield from (f"    {line}" for line in _columns(entity.columns, usual))
    if entity.unpivot:
        yield "  unpivot:"
    for block in entity.unpivot:
        lines = list(_columns(block, usual))
        first = next(index for index, line in enumerate(lines) if not line.startswith("#"))
        yield from (f"    {line}" for line in lines[:first])
        yield f"    - {lines[first]}"
        yield from (f"      {line}" for line in lines[first + 1 :])


def _columns(columns: Mapping[str, DraftedColumn], usual: tuple[str, ...]) -> Iterator[str]:
    for name, column in columns.items():
        for remark in column.remarks:
            yield from comment(_said(remark), 0)
        own = column.timestamps if column.timestamps != usual or _is_open_time(column) else ()
        if not own and not column.timezone:
            yield f"{name}: {scalar(column.sql)}"
            continue
        yield f"{name}:"
        yield f"  sql: {scalar(column.sql)}"
        if own:
            yield f"  timestamps: {scalars(own)}"
        if column.timezone:
            yield f"  timezone: {scalar(column.timezone)}"


def _said(remark: Remark) -> str:
    return f"{remark.label}: {remark.text}" if remark.label else remark.text
