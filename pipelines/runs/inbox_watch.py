"""The state of the inboxes by names, sizes and times of files: whether files are new, and whether they still change.

No file is opened: landing reads their content.
"""

import hashlib
from dataclasses import asdict, dataclass
from enum import Enum, auto

from pydantic import TypeAdapter, ValidationError

from pipelines.base.errors import InputError
from pipelines.config.settings import Settings
from pipelines.landing import SourceFiles
from pipelines.landing.delivered import state_of
from pipelines.landing.inbox import Found, find
from pipelines.landing.inbox_snapshot import read_snapshot
from pipelines.landing.sources import source_files


@dataclass(frozen=True)
class InboxCursor:
    """What a sensor keeps between two checks.

    Attributes:
        seen: Fingerprint of the inboxes at the last check.
        handled: Fingerprint for which a run was started or was not needed.
    """

    seen: str = ""
    handled: str = ""

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "InboxCursor":
        """From the text of `to_cursor`; empty for any other text."""
        try:
            return _CURSOR.validate_json(cursor or "{}")
        except ValidationError:
            return cls()

    def to_cursor(self) -> str:
        """As text."""
        return _CURSOR.dump_json(_CURSOR.validate_python(asdict(self))).decode()


_CURSOR = TypeAdapter(InboxCursor)


class Decision(Enum):
    """The result of a check.

    Attributes:
        KNOWN: Nothing has changed since the last run.
        UNSETTLED: Changed since the last check: files may still be written.
        SETTLED: Changed since the last run, but not since the last check.
    """

    KNOWN = auto()
    UNSETTLED = auto()
    SETTLED = auto()


def decide(before: InboxCursor, seen: str) -> Decision:
    """Compare the present fingerprint with those of the cursor."""
    if seen == before.handled:
        return Decision.KNOWN
    return Decision.SETTLED if seen == before.seen else Decision.UNSETTLED


def fingerprint_inboxes(settings: Settings) -> str:
    """16 hex digits over source, name, size and time of every file.

    Raises:
        LoyaltyError: A mapping cannot be used, or a folder does not exist.
    """
    digest = hashlib.sha256()
    for source, file in _files(settings):
        try:
            facts = file.path.lstat()
        except FileNotFoundError:  # removed since it was listed
            continue
        digest.update(f"{source}\0{file.name}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def unlanded_files(settings: Settings) -> dict[str, int]:
    """For each source, the number of files that landing has not read in their present state, without ignored files.

    A corrected file can have an older time than the file that it replaces (`rsync -t`, `cp -p`), so every change of
    size or time counts.
    """
    seen = read_snapshot(settings.paths)
    new: dict[str, int] = {}
    for source, file in _files(settings):
        if file.group is not None and file.group.ignore:
            continue
        try:
            is_new = state_of(file.path) != seen.get(source, {}).get(file.name)
        except InputError:  # removed since it was listed, or not readable
            continue
        new[source] = new.get(source, 0) + is_new
    return new


def _files(settings: Settings) -> list[tuple[str, Found]]:
    sources: list[SourceFiles] = source_files(settings)
    return [(source.mapping.source, file) for source in sources for file in find(source)]
