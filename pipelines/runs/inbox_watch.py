"""What lies in the inboxes, told by names, sizes and times: whether it changed, has settled, and is new.

No file is opened: what it holds is landing's business.
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
class Glance:
    """What a sensor remembers between two looks.

    Attributes:
        seen: Fingerprint of the inboxes at the last look.
        handled: Fingerprint for which a run was started, or found to be needless.
    """

    seen: str = ""
    handled: str = ""

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Glance":
        """As `to_cursor` wrote it; nothing for anything else."""
        try:
            return _GLANCE.validate_json(cursor or "{}")
        except ValidationError:
            return cls()

    def to_cursor(self) -> str:
        """As text."""
        return _GLANCE.dump_json(_GLANCE.validate_python(asdict(self))).decode()


_GLANCE = TypeAdapter(Glance)


class Decision(Enum):
    """What a look finds.

    Attributes:
        KNOWN: As when it was dealt with.
        UNSETTLED: Other than at the last look: somebody may still be writing.
        SETTLED: Changed, and as at the last look.
    """

    KNOWN = auto()
    UNSETTLED = auto()
    SETTLED = auto()


def decide(before: Glance, seen: str) -> Decision:
    """What the fingerprint of now means after what was seen before."""
    if seen == before.handled:
        return Decision.KNOWN
    return Decision.SETTLED if seen == before.seen else Decision.UNSETTLED


def fingerprint_inboxes(settings: Settings) -> str:
    """16 hex digits over source, name, size and time of every file.

    Raises:
        LoyaltyError: A mapping cannot be used, or a folder is not there.
    """
    digest = hashlib.sha256()
    for source, file in _files(settings):
        try:
            facts = file.path.lstat()
        except FileNotFoundError:  # it went since it was listed
            continue
        digest.update(f"{source}\0{file.name}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def unlanded_files(settings: Settings) -> dict[str, int]:
    """By source, the files that landing has not read as they are now; what the mapping ignores is not counted.

    A corrected file can have an older time than the one that it replaces (`rsync -t`, `cp -p`), so that any other size
    or time counts.
    """
    seen = read_snapshot(settings.paths)
    new: dict[str, int] = {}
    for source, file in _files(settings):
        if file.group is not None and file.group.ignore:
            continue
        try:
            is_new = state_of(file.path) != seen.get(source, {}).get(file.name)
        except InputError:  # it went since it was listed, or nobody may look at it
            continue
        new[source] = new.get(source, 0) + is_new
    return new


def _files(settings: Settings) -> list[tuple[str, Found]]:
    sources: list[SourceFiles] = source_files(settings)
    return [(source.mapping.source, file) for source in sources for file in find(source)]
