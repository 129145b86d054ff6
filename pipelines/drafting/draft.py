"""Drafts the mapping of a source from its files: a built-in mapping where one reads them, else entries of its own."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import ConfigError, InputError
from pipelines.drafting.archives import check_archives
from pipelines.drafting.changed_entries import changed_entries
from pipelines.drafting.drafted import Draft, DraftedColumn, DraftedEntry, Remark, Wishes, decisive
from pipelines.drafting.entry import draft_entry
from pipelines.drafting.kinds import (
    Kind,
    entry_name,
    file_on,
    kinds_of,
    merged,
    own_globs,
    recognised,
    source_name,
    with_built_in,
)
from pipelines.drafting.layout import layout_of
from pipelines.drafting.left_out import left_out
from pipelines.drafting.lines_alone import with_lines_alone
from pipelines.drafting.matching import MONEY
from pipelines.drafting.near import about_near
from pipelines.drafting.recognised import assumed_zone, entry_names, entry_of, rejected_of, rivals
from pipelines.drafting.table import open_table
from pipelines.drafting.text import entry_text, head_text, status_text
from pipelines.drafting.without_amounts import with_missing_amounts
from pipelines.landing.inbox import place_of
from pipelines.landing.mapping import load_mapping
from pipelines.landing.open_marks import DECISIVE, OPEN
from pipelines.landing.readers import check_layout


def draft_mapping(paths: Sequence[Path], wishes: Wishes, today: date) -> Draft:
    """Draft the mapping of the files of one source. It is loaded and compared with the files before it is returned.

    Args:
        paths: The files.
        wishes: What the user says about the source.
        today: The current day.

    Raises:
        InputError: A file cannot be read, no entity fits any of them, or they come from two known systems.
    """
    is_said = bool(wishes.entity or wishes.columns)
    mapping, kinds = with_built_in(merged(recognised(Kind(tuple(group)), is_said) for group in kinds_of(paths)))
    kinds = [replace(kind, globs=own_globs(kind, kinds)) for kind in kinds]
    used = entry_names(mapping) if mapping else set()
    drafted = _with_amounts([_drafted(kind, wishes, today, used, len(kinds) > 1) for kind in kinds])
    draft = _extending(mapping, drafted, wishes, used, today) if mapping else _own(drafted, wishes)
    _check(draft.text, paths)
    return draft


def _drafted(kind: Kind, wishes: Wishes, today: date, used: set[str], is_one_of_many: bool) -> Kind:
    """A kind with an entry, unless a built-in mapping takes it."""
    if kind.fit or kind.ignored:
        return kind
    path, match, sampled = kind.largest, kind.globs, ""
    near: Remark | None = None
    try:
        check_archives(kind.paths)
        layout = layout_of(path)
        near = None if wishes.entity or wishes.columns else about_near(path, layout)
        with open_table(path, layout) as table:
            entry = draft_entry(table, layout, "", match, wishes, today, [one for one in kind.paths if one != path])
            entry = replace(entry, remarks=(*((near,) if near else ()), *entry.remarks))
            sampled = (
                f"{path.name}: types and counts come from the first {table.sampled:,} of {table.records:,} records;"
                " time formats were checked on all records"
                if table.sampled < table.records
                else f"{path.name}: types and time formats were checked on all records ({table.records:,})"
            )
    except InputError as error:
        advice = " ".join(text for text in (f"T{near.text[1:]}." if near else "", error.hint) if text)
        if not is_one_of_many:
            raise InputError(error.message, hint=advice) from error
        why = error.message.removeprefix(f"{path}: ")
        entry = DraftedEntry("", match, ignore=f"no entity was recognised: {why.partition(';')[0]}")
        text = f"{path.name} would be ignored: {why}. {advice}".strip()
        entry = replace(entry, remarks=(decisive(text),))
    name = entry_name(entry.entities[0].name if entry.entities else path.name.partition(".")[0], used)
    dated = file_on(kind.paths) if entry.entities else {}
    return replace(kind, entry=replace(entry, name=name, options={**entry.options, **dated}), sampled=sampled)


def _with_amounts(kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds, with marks on orders without an amount and on lines without a time, if no entry gives them.

    Amounts that a built-in mapping reads are of other orders.
    """
    entries = with_missing_amounts([kind.entry for kind in kinds if kind.entry])
    if not any(kind.fit for kind in kinds):
        entries = with_lines_alone(entries)
    of = iter(entries)
    return [replace(kind, entry=next(of)) if kind.entry else kind for kind in kinds]


def _extending(mapping: str, kinds: Sequence[Kind], wishes: Wishes, used: set[str], today: date) -> Draft:
    """A mapping that extends a built-in one. `used` has the names of entries."""
    remarks: list[tuple[str, Remark]] = []
    doubts: list[Remark] = []
    for kind in kinds:
        file = kind.shown(_root(kinds))
        if kind.ignored:
            remarks.append((file, Remark(f"the built-in mapping {mapping} ignores it: {kind.ignored}")))
        if kind.fit is None:
            continue
        if not kind.ignored:
            remarks.append((file, Remark(f"the built-in mapping {mapping} reads it")))
            zone = None if wishes.are_defaults else wishes.timezone
            found = rejected_of(kind.largest, kind.fit, zone, today, wishes.dates)
            remarks += [(file, doubt) for doubt in found]
            doubts += [replace(doubt, text=f"{file}: {doubt.text}") for doubt in found]
        if kind.fit.entry is None and kind.fit.options:
            text = f"{mapping} can read this file, but not under this name. Rename it as docs/sources.md says"
            remarks.append((file, Remark(text, is_open=True)))
        elif kind.fit.entry is not None and (others := rivals(kind.fit, kind.fits)):
            text = (
                f"entries of {mapping} differ only in file names, and this name fits none. The draft uses"
                f" {kind.fit.entry}; it could also be {' or '.join(others)}. Give the file the name that the system"
                " gives it"
            )
            remarks.append((file, decisive(text)))
    files, about = changed_entries(kinds, used)
    remarks += about
    own = sorted((kind for kind in kinds if kind.entry), key=_width)
    for kind in own:
        assert kind.entry
        lines = [line for line in entry_text(kind.entry, "    ") if not line.strip().startswith("name:")]
        files += [f"  {kind.entry.name}:", *(line for line in lines if line)]
    said = (None, None) if wishes.are_defaults else (wishes.timezone, wishes.currency)
    head = {"extends": mapping, "source": wishes.source, "timezone": said[0], "currency": said[1]}
    is_whole = not files and not doubts and not any(value for key, value in head.items() if key != "extends")
    is_local = any(_is_local(kind.entry) for kind in own if kind.entry)
    read = [(kind.largest, kind.fit) for kind in kinds if kind.fit and not kind.ignored]
    zone = None if said[0] else assumed_zone(mapping, read, is_decisive=is_local)
    if zone and zone != wishes.timezone:
        text = f"timezone: times without an offset are read as {zone}, the zone of the built-in mapping"
        extending = f"write a mapping with `extends: {mapping}` and `timezone`, and name its path in the config"
        change = f"{extending} (docs/sources.md)" if is_whole else "write `timezone` here"
        remarks.append(("the source", Remark(f"{text}. If this source uses another zone, {change}", is_assumed=True)))
    texts = {doubt.text.partition(": ")[2] for doubt in doubts}
    said_of = [remark for _, remark in remarks if remark.is_assumed or (remark.is_open and remark.text not in texts)]
    assumed = [] if is_whole else [*doubts, *said_of]
    lines = [*head_text(head, assumed), *(["files:", *files] if files else [])]
    taken = {
        f"{kind.fit.entry} ({kind.largest.name})": left_out(kind.largest, entry)
        for kind in kinds
        if kind.fit and not kind.ignored and (entry := entry_of(kind.fit)) and not entry.ignore
    }
    return Draft(
        "\n".join(lines) + "\n",
        wishes.source or mapping,
        mapping if is_whole else None,
        (*remarks, *_remarks(own, _root(kinds))),
        {name: one.unmapped for name, one in taken.items()}
        | {kind.entry.name: kind.entry.unmapped for kind in own if kind.entry},
        {kind.entry.name: kind.sampled for kind in own if kind.entry and kind.sampled},
        {name: one.no_questions for name, one in taken.items()},
    )


def _width(kind: Kind) -> int:
    """Sorts narrower globs first: a glob with more letters is narrower, and the first entry that fits takes a file."""
    return -max(len(glob.replace("*", "")) for glob in kind.globs)


def _own(drafted: Sequence[Kind], wishes: Wishes) -> Draft:
    """A mapping without a built-in one."""
    kinds, entries = drafted, [kind.entry for kind in drafted if kind.entry]
    if not any(entry.entities for entry in entries):
        texts = " ".join(remark.text for entry in entries for remark in entry.remarks)
        raise InputError(
            f"no entity fits any of the files: {texts}" if texts else "no entity fits any of the files",
            hint="Name the columns as the messages say, or write the mapping by hand: docs/mapping.md.",
        )
    # a glob with more letters is the narrower one, and the first entry that fits takes a file
    entries.sort(key=lambda entry: -max(len(glob.replace("*", "")) for glob in entry.match))
    source = wishes.source or source_name(kinds[0].largest.resolve().parent.name)
    remarks = list(_open_head(entries, wishes))
    head = {"source": source, "timezone": wishes.timezone or "UTC", "currency": wishes.currency}
    statuses = {word: count for entry in entries for word, count in entry.statuses}
    label = DECISIVE if any(entry.are_statuses_unknown for entry in entries) else OPEN
    lines = [*head_text(head, remarks), *status_text(statuses, label), "files:"]
    lines += [line for number, entry in enumerate(entries) for line in list(entry_text(entry))[not number :]]
    about = [("the source", remark) for remark in remarks]
    if statuses:
        words = ", ".join(f"`{word}` ({count:,})" for word, count in statuses.items())
        about.append(
            (
                "the source",
                Remark(
                    f"unknown order statuses: {words}. Orders with these statuses do not count",
                    is_open=True,
                    is_decisive=label == DECISIVE,
                ),
            )
        )
    return Draft(
        "\n".join(line for index, line in enumerate(lines) if line or index) + "\n",
        source,
        None,
        (*about, *_remarks(kinds, _root(kinds))),
        {entry.name: entry.unmapped for entry in entries},
        {kind.entry.name: kind.sampled for kind in kinds if kind.entry and kind.sampled},
    )


def _open_head(entries: Sequence[DraftedEntry], wishes: Wishes) -> Iterator[Remark]:
    """What neither the files nor the user say about the whole source."""
    columns = [(entity.name, block) for entry in entries for entity in entry.entities for block in entity.blocks()]
    if any(map(_is_local, entries)):
        if wishes.timezone is None:
            yield decisive(
                "timezone: in which time zone are times without an offset? The draft uses UTC: write `timezone` here,"
                " or give --timezone"
            )
        elif wishes.are_defaults:
            text = (
                f"timezone: times without an offset are read as {wishes.timezone}, the zone of the business. Change it"
            )
            yield Remark(f"{text} if this source uses another zone", is_assumed=True)
    if any(_is_without_currency(name, there) for name, there in columns):
        if wishes.currency is None:
            yield decisive("currency: no column has the currency of the amounts: write it, such as `currency: EUR`")
        elif wishes.are_defaults:
            text = f"currency: amounts are read as {wishes.currency}, the currency of the business: no column has it"
            yield Remark(f"{text}. Change it if this source uses another currency", is_assumed=True)


def _is_local(entry: DraftedEntry) -> bool:
    """Whether the zone of the mapping decides a time of an entry."""
    return any(one.is_local for entity in entry.entities for block in entity.blocks() for one in block.values())


def _is_without_currency(entity: str, columns: Mapping[str, DraftedColumn]) -> bool:
    kinds = ENTITIES[entity].columns
    return "currency" in kinds and "currency" not in columns and any(kinds[one] in MONEY for one in columns)


def _remarks(kinds: Iterable[Kind], root: Path) -> Iterator[tuple[str, Remark]]:
    for kind in kinds:
        if kind.entry is None:
            continue
        name = kind.shown(root)
        yield from ((name, remark) for remark in kind.entry.remarks)
        for entity in kind.entry.entities:
            yield from ((name, remark) for remark in entity.remarks)
            for columns in entity.blocks():
                yield from ((name, remark) for column in columns.values() for remark in column.remarks)


def _root(kinds: Iterable[Kind]) -> Path:
    """The folder of a source's files."""
    return Path(os.path.commonpath([path.absolute().parent for kind in kinds for path in kind.paths]))


def _check(text: str, paths: Sequence[Path]) -> None:
    """Load a draft as any mapping, and compare it with the files.

    Raises:
        InputError: It cannot be used.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder) / "draft.yml"
        place.write_text(text, encoding="utf-8")
        try:
            mapping = load_mapping(place)
        except ConfigError as error:
            raise InputError(
                f"the draft is not a valid mapping: {error.message.replace(str(place), 'draft')}",
                hint="Name the columns with --column, or write the mapping by hand: docs/mapping.md.",
            ) from error
    root = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    for path in paths:
        found = place_of(mapping, path.absolute().relative_to(root).as_posix())
        try:
            if found.problem:
                raise found.problem
            if found.group and found.group.ignore is None:
                check_layout(path, found.group)
        except InputError as error:
            raise InputError(f"{path}: the draft does not read it: {error.message}", hint=error.hint) from error
