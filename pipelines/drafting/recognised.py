"""Recognises files that a built-in mapping reads: by the same check of columns that landing makes."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.config.values import DateOrder
from pipelines.drafting.drafted import Remark
from pipelines.drafting.fitting import Fit, changed, fit_of, names_in
from pipelines.drafting.layout import Layout, layout_of
from pipelines.drafting.names import compared
from pipelines.drafting.rejected import rejected_values
from pipelines.drafting.zones import has_local_times
from pipelines.landing.expressions import parse_all
from pipelines.landing.inbox import place_of
from pipelines.landing.mapping import BUILT_IN, read_mapping
from pipelines.landing.model import FileGroup, Mapping

_FOLDERS = 3  # above a file, that a glob may name


@cache
def built_in_mappings() -> tuple[tuple[str, Mapping], ...]:
    """The built-in mappings by name."""
    mappings = tuple((path.stem, read_mapping(path.stem)) for path in sorted(BUILT_IN.glob("*.yml")))
    # together, because each call of the parser takes a moment
    parse_all(text for _, mapping in mappings for group in mapping.files for _, text in group.expressions())
    return mappings


def fits(path: Path, layout: Layout) -> list[Fit]:
    """Every built-in entry that reads or ignores a file, the best one first: the most columns, then the file's name.

    No one reads a workbook with several sheets of data.
    """
    if "sheet" in layout.options:
        return []
    found = [fit for name, mapping in built_in_mappings() for fit in _fits(path, layout, name, mapping)]
    return sorted(found, key=lambda fit: (-fit.read, not fit.is_named, len(fit.options), -fit.hint, fit.mapping))


def named_fit(path: Path, layout: Layout, mapping: str) -> Fit | None:
    """The entry of a built-in mapping to which a file's name leads, if the file has the columns that it needs.

    For files beside others of that system: such a file may have any few of the other columns.
    """
    if "sheet" in layout.options:
        return None
    found = dict(built_in_mappings())[mapping]
    reading = (fit for fit in _fits(path, layout, mapping, found, is_beside=True) if not fit.why)
    return next(reading, None)


def rivals(fit: Fit, found: Iterable[Fit]) -> tuple[str, ...]:
    """Other entries of the mapping that read as much of a file and make something else of it: only a name decides."""
    if fit.is_named:
        return ()
    groups = {group.name: group for group in dict(built_in_mappings())[fit.mapping].files if group.name}
    own = str(fit.entry)
    same = [one for one in found if one.mapping == fit.mapping and one.read == fit.read and one.entry]
    if fit.hint:  # `unsubscribed` also contains `subscribed`
        same = [one for one in same if one.hint and str(one.entry) not in own]
    return tuple(str(one.entry) for one in same if groups[str(one.entry)].entities != groups[own].entities)


def entry_names(mapping: str) -> set[str]:
    """The names of the entries of a built-in mapping."""
    return {group.name for group in dict(built_in_mappings())[mapping].files if group.name}


def globs_of(mapping: str, entry: str) -> tuple[str, ...]:
    """The globs of an entry of a built-in mapping."""
    return next(group.match for group in dict(built_in_mappings())[mapping].files if group.name == entry)


def entry_of(fit: Fit) -> FileGroup | None:
    """The entry that reads a file, as the file needs it; None if it has no name."""
    groups = {group.name: group for group in dict(built_in_mappings())[fit.mapping].files if group.name}
    return changed(groups[fit.entry], dict(fit.options)) if fit.entry in groups else None


def assumed_zone(mapping: str, files: Iterable[tuple[Path, Fit]], *, is_decisive: bool = False) -> str | None:
    """The zone of a built-in mapping, if it decides a time of one of the files that it reads, or is known to decide."""
    found = dict(built_in_mappings())[mapping]
    if is_decisive:
        return found.timezone
    for path, fit in files:
        groups = [group for group in found.files if group.ignore is None and group.name == fit.entry]
        if any(has_local_times(path, changed(group, dict(fit.options))) for group in groups):
            return found.timezone
    return None


def rejected_of(
    path: Path, fit: Fit, zone: str | None, today: date, order: DateOrder | None = None
) -> tuple[Remark, ...]:
    """Values that the built-in entry of a fit reads and that staging would reject or may read wrongly, with what to do.

    Args:
        path: The file.
        fit: The entry.
        zone: The zone that the user has stated; None for that of the built-in mapping.
        today: The current day.
        order: The order of day and month that the user has stated; None if they have not.
    """
    found = dict(built_in_mappings())[fit.mapping]
    group = next(one for one in found.files if one.ignore is None and one.name == fit.entry)
    return rejected_values(path, changed(group, dict(fit.options)), zone or found.zone(group), today, order)


def ignored(mapping: str, path: Path) -> str | None:
    """Why a built-in mapping ignores a file, by its name; None if it does not."""
    named = _named(path, dict(built_in_mappings())[mapping])
    return named[0].ignore if named else None


def systems_of(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Files by the built-in mapping that reads them best; those that nothing reads are under an empty name."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        try:
            fit = fits(path, layout_of(path))
        except InputError:
            fit = []  # the draft reports it
        found.setdefault(fit[0].mapping if fit else "", []).append(path)
    return found


def _fits(path: Path, layout: Layout, name: str, mapping: Mapping, *, is_beside: bool = False) -> Iterator[Fit]:
    """The entries of a mapping that read a file. If an entry ignores the file, only that one.

    Args:
        path: The file.
        layout: How it is written.
        name: The mapping's name.
        mapping: The mapping.
        is_beside: Whether other files of the system are beside it. If so, entries that match any file name are left
            out, because they say nothing about this one.
    """
    named = _named(path, mapping)
    if (ignoring := _ignoring(path, layout, name, mapping, named)) is not None:
        yield ignoring
    elif not (named and named[0].ignore):
        for group in mapping.files:
            if group.ignore is None and (_is_narrow(group) or not is_beside):
                is_named = any(one is group for one in named)
                if (fit := fit_of(path, layout, name, group, is_named, is_beside=is_beside)) is not None:
                    yield fit


def _named(path: Path, mapping: Mapping) -> list[FileGroup]:
    """The entries to which the file's name leads."""
    places = (place_of(mapping, one).group for one in _names(path))
    return [place.declared for place in places if place is not None]


def _ignoring(path: Path, layout: Layout, name: str, mapping: Mapping, named: Sequence[FileGroup]) -> Fit | None:
    """The entry that ignores files with the columns of this one, unless the file's name leads to a narrower entry."""
    groups = [group for group in mapping.files if group.known_by and group.name]
    if not groups or any(_is_narrow(group) and not group.ignore for group in named):
        return None
    there = names_in(path, layout)
    known = ((group, {compared(one) for one in group.known_by}) for group in groups)
    return next(
        (
            Fit(name, group.name, len(names), any(one is group for one in named), why=group.ignore or "")
            for group, names in known
            if names <= there
        ),
        None,
    )


def _is_narrow(group: FileGroup) -> bool:
    """Whether an entry is for files of certain names, so that a name says something."""
    return all(glob.partition(".")[0].strip("*/") for glob in group.match)


def _names(path: Path) -> list[str]:
    """The names by which a glob may find a file: with folders above it first."""
    parts = path.parts[-_FOLDERS - 1 :]
    return ["/".join(parts[-count:]) for count in range(len(parts), 0, -1)]
