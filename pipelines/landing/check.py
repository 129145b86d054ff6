"""Checks sources without landing them: do file names and headers fit the mapping, and which order statuses are there?

Only names and headers are read. A whole file is read only if it has not landed yet, and the mapping maps the status of
orders or lines (status_check.py) or has look-ups (lookup_preview.py). All other content is checked when the file lands.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.base.text import counted, printable_name
from pipelines.landing.formats import contradictions
from pipelines.landing.inbox import Found, SourceFiles, find
from pipelines.landing.index import read_ledger
from pipelines.landing.lookup_preview import preview_look_ups
from pipelines.landing.model import Mapping
from pipelines.landing.open_marks import HINT, open_marks
from pipelines.landing.outdated import Landed, read_landed
from pipelines.landing.outdated_files import OutdatedFiles, ignored_error, outdated_files
from pipelines.landing.readers import check_layout
from pipelines.landing.status_check import StatusCount, count_statuses


@dataclass(frozen=True)
class SourceCheck:
    """The result for one source.

    Attributes:
        source: The name of the source.
        files: The number of files that match a group of the mapping.
        ignored: The number of files that the mapping ignores.
        problems: One line per file that would be refused, or about the whole source; empty if there are none.
        notes: Other facts for the user: groups without a file, files without optional columns, what look-ups find.
        warnings: Possible faults: time formats that contradict each other, what is still to decide, look-ups that would
            find nothing.
        statuses: The statuses of orders and order lines, with their classes.
        outdated: The files that were landed with an older version of the mapping; None if there are none.
    """

    source: str
    files: int
    ignored: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    statuses: tuple[StatusCount, ...] = ()
    outdated: OutdatedFiles | None = None


def check_sources(
    home: Path, sources: Sequence[SourceFiles], touches: Sequence[SourceFiles] = ()
) -> tuple[SourceCheck, ...]:
    """Check every source.

    Args:
        home: The home folder.
        sources: The sources.
        touches: The files of these sources that this program wrote itself (`audience_touches`).

    Raises:
        InputError: There is no file at all and nothing has landed before. Problems with a file or folder are not
            raised; they are in the result.
    """
    landed = read_landed(home)
    outdated = outdated_files(landed, [*sources, *touches])
    checked = tuple(_check(home, source, landed, outdated.get(source.mapping.source)) for source in sources)
    if not any(source.files or source.ignored or source.problems for source in checked):
        check_something_landed(home, sources)
    return checked


def check_something_landed(home: Path, sources: Sequence[SourceFiles]) -> None:
    """Raise an error if nothing has ever landed. An inbox that was emptied after landing is fine.

    Raises:
        InputError: Nothing has landed. The message names the empty folders.
    """
    if not read_ledger(home).num_rows:
        folders = ", ".join(str(source.folder) for source in sources)
        raise InputError(
            f"nothing has landed yet, and there is no file in {folders}",
            hint="Put files into the inbox, pull them (loyalty pull), or correct `files` of the source in loyalty.yml.",
        )


def _check(
    home: Path,
    source: SourceFiles,
    landed: Sequence[Landed],
    outdated: OutdatedFiles | None,
) -> SourceCheck:
    name = source.mapping.source
    try:
        found = find(source)
    except InputError as error:
        return SourceCheck(name, 0, 0, (f"{error.message} {error.hint}",), ())
    looks = {file.name: _look(file) for file in found}
    refused = {name: look for name, look in looks.items() if isinstance(look, InputError)}
    refused |= {name: ignored_error() for name in (outdated.ignored if outdated else ())}
    problems = [f"{printable_name(name)}: {problem.message}. {problem.hint}" for name, problem in refused.items()]
    readable = [file for file in found if file.name not in refused]
    statuses, unreadable = count_statuses(home, landed, source, readable)
    groups = [file.group for file in found if file.group is not None]
    ignored = sum(group.ignore is not None for group in groups)
    used = {id(file.group.declared) for file in found if file.group}
    notes = [f"there is no file in {source.folder}"] if not found else _unused(source.mapping, used)
    notes += [
        f"{printable_name(name)}: canonical columns stay empty, because the file lacks their source columns:"
        f" {', '.join(look)}"
        for name, look in looks.items()
        if not isinstance(look, InputError) and look
    ]
    looked_up = preview_look_ups(home, landed, source, readable)
    if looked_up.stale:
        notes.append(
            f"{counted(len(looked_up.stale), 'landed file would find', 'landed files would find')} other values"
            " in look-ups; the next run lands what changes again"
        )
    notes += looked_up.notes
    marks = open_marks(source.mapping)
    open_ones = [str(mark) for mark in marks if not mark.is_decisive]
    undecided = [f"{mark}. {HINT}" for mark in marks if mark.is_decisive]
    warnings = (*contradictions(source.mapping), *open_ones, *looked_up.warnings)
    problems = [*dict.fromkeys([*undecided, *problems, *unreadable, *looked_up.problems])]
    return SourceCheck(
        source.mapping.source,
        len(groups) - ignored,
        ignored,
        tuple(problems),
        tuple(notes),
        warnings,
        statuses,
        outdated,
    )


def _unused(mapping: Mapping, used: Collection[int]) -> list[str]:
    """The groups without a file; those with a name are in one line, because a built-in mapping has many."""
    unused = [
        (index, group) for index, group in enumerate(mapping.files) if id(group) not in used and group.ignore is None
    ]
    named = [group.name for _, group in unused if group.name]
    notes = [
        f"no file matches {', '.join(group.match)} ({mapping.where(('files', index))})"
        for index, group in unused
        if not group.name
    ]
    return [*notes, *([f"no file for these entries of the mapping: {', '.join(named)}"] if named else [])]


def _look(file: Found) -> InputError | list[str]:
    """Why a file would be refused, or the canonical columns for which it has no source column."""
    if file.problem is not None:
        return file.problem
    if file.group is None or file.group.ignore is not None:
        return []
    try:
        return check_layout(file.path, file.group)
    except InputError as error:
        return error
