"""The report about files that were landed with an older version of the mapping, or with other values of look-ups.

It says how many there are, and which of them cannot be landed again without the user's help. No file of an inbox is
opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from pipelines.base.errors import InputError
from pipelines.base.text import counted, printable_name
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.outdated import Change, Landed, Versions, compare, latest_deliveries

_LISTED = 5  # names in a message
_MAPPING, _LOOK_UPS = "an older version of the mapping", "an older version of the mapping or of look-ups"


@dataclass(frozen=True)
class OutdatedFiles:
    """The files of a source that were landed with an older version of its mapping.

    Attributes:
        source: The source.
        folders: The source's folders in the inbox.
        files: The number of files that the current mapping lands differently. A content that was delivered several
            times is one file.
        in_inbox: How many of them are in the inbox under their names.
        gone: The names of those that are not in the inbox.
        replaced: Names under which another content was delivered later, each with the day of the earlier delivery.
        unmatched: Names of landed files that are not in the inbox and no longer match the mapping.
        ignored: Names of landed files in the inbox that the mapping now ignores: the next run refuses them.
        redeclared: The number of files whose rows stay, but whose `delivery` or `lines` has changed in the mapping.
        cause: With what the files were landed, for the messages.
    """

    source: str
    folders: tuple[str, ...]
    files: int
    in_inbox: int
    gone: tuple[str, ...]
    replaced: tuple[str, ...]
    unmatched: tuple[str, ...]
    ignored: tuple[str, ...]
    redeclared: int
    cause: str = _MAPPING

    def summary(self) -> str:
        """How many files the next run lands again; empty if there are none."""
        if not self.in_inbox:
            return ""
        rest = "" if self.in_inbox == self.files else f" {self.in_inbox:,} of"
        again = f"`loyalty run` lands{rest} {'it' if self.files == 1 else 'them'} again, or reports why it cannot"
        return f"{self.source}: {_files(self.files)} landed with {self.cause}; {again}"

    def messages(self) -> list[str]:
        """Everything to report, one message per line."""
        declared = (
            f"{self.source}: the mapping has changed `delivery` or `lines` for"
            f" {counted(self.redeclared, 'landed file')}; `loyalty run` applies the change"
            if self.redeclared
            else ""
        )
        return [line for line in (self.summary(), declared, *self.obstacles()) if line]

    def obstacles(self) -> list[str]:
        """Why files cannot be landed again, and what to do; one message per kind."""
        by_folder = "run once with the folder of the original files: `loyalty run --originals FOLDER`"
        messages = []
        if self.gone:
            messages.append(
                f"{self.source}: {_files(len(self.gone))} landed with {self.cause} and"
                f" {_are(len(self.gone))} no longer in the inbox: {_listed(self.gone)}. Their earlier rows stay in"
                f" force. To land them again, put the original files back into {' or '.join(self.folders)} under these"
                f" names, or {by_folder}"
            )
        if self.replaced:
            messages.append(
                f"{self.source}: {_files(len(self.replaced))} landed with {self.cause}, and later"
                f" deliveries have the same names: {_listed(self.replaced)}. Their earlier rows stay in force. To"
                f" land them again, {by_folder}. Do not put them back into the inbox: each would be a new delivery."
            )
        if self.unmatched:
            messages.append(
                f"{self.source}:"
                f" {counted(len(self.unmatched), 'landed file has a name', 'landed files have names')} that no"
                f" entry of the mapping matches any more: {_listed(self.unmatched)}. The rows still count. Add an entry"
                " under `files` of the mapping, or remove what has landed from the landing folder (docs/operations.md)"
            )
        return messages


def ignored_error() -> InputError:
    """The error for a landed file that the mapping now ignores: its rows would still count without a sign of it."""
    return InputError(
        "the mapping now ignores this file, but it has landed before, so its rows still count",
        hint="Remove `ignore` from the mapping, or remove the file from the landing folder (docs/operations.md).",
    )


class _Where(Enum):
    """Where the file of an outdated content is."""

    IN_INBOX = auto()
    REPLACED = auto()
    GONE = auto()


def outdated_files(landed: Sequence[Landed], sources: Sequence[SourceFiles]) -> dict[str, OutdatedFiles]:
    """By source, the files that were landed with an older version of the mapping. Sources without any are left out.

    Args:
        landed: What has landed.
        sources: The configured sources.
    """
    versions = Versions(sources)
    compared = compare(landed, versions)
    latest = latest_deliveries(landed)
    folders: dict[str, list[Path]] = {}
    for entry in sources:
        folders.setdefault(entry.mapping.source, []).append(entry.folder)
    found: dict[str, OutdatedFiles] = {}
    for source, places in folders.items():
        changes = [change for change in compared.changes if change.landed.source == source]
        placed = [(change, _where(change, latest)) for change in changes if change.needs_rows]
        lost = dict.fromkeys(name for one, names in compared.unmatched if one.source == source for name in names)
        there = [name for name in lost if any((folder / name).is_file() for folder in places)]
        outdated = OutdatedFiles(
            source=source,
            folders=tuple(str(folder) for folder in places),
            files=len(placed),
            in_inbox=sum(where is _Where.IN_INBOX for _, where in placed),
            gone=tuple(change.name for change, where in placed if where is _Where.GONE),
            replaced=tuple(
                f"{change.name} (delivered on {change.deliveries[-1].delivered_on})"
                for change, where in placed
                if where is _Where.REPLACED
            ),
            unmatched=tuple(name for name in lost if name not in there),
            ignored=tuple(name for name in there if versions.ignores(source, name)),
            redeclared=len(changes) - len(placed),
            cause=_LOOK_UPS if any(change.landed.is_stale for change, _ in placed) else _MAPPING,
        )
        if changes or lost:
            found[source] = outdated
    return found


def _where(change: Change, latest: dict[tuple[str, str], tuple[int, str]]) -> _Where:
    landed, folder = change.landed, change.target.entry.folder
    in_force = [name for name in change.names if latest[landed.source, name][1] == landed.batch]
    if not in_force:
        return _Where.REPLACED
    return _Where.IN_INBOX if any((folder / name).is_file() for name in in_force) else _Where.GONE


def _files(count: int) -> str:
    return counted(count, "file was", "files were")


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable_name(name) for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED:,} more"
