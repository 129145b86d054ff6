"""The state of the inbox files when landing last read them: size and time of the last change.

With it, the inbox watch finds files that landing has not read yet, without opening them. It is not a record of what
landed: that is the ledger. If the snapshot is missing, every file counts as not read.
"""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.config.home import Home
from pipelines.landing.delivered import State

Snapshot = Mapping[str, Mapping[str, State]]
"""The state of each file by source and name."""

_SNAPSHOT = TypeAdapter(dict[str, dict[str, State]])


def read_snapshot(home: Home) -> Snapshot:
    """The files that landing has read; empty if there is no snapshot."""
    try:
        return _SNAPSHOT.validate_json(home.inbox_seen.read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}


def write_snapshot(home: Home, snapshot: Snapshot) -> None:
    """Replace the snapshot, in one step."""
    write_text_durably(home.inbox_seen, _SNAPSHOT.dump_json(_SNAPSHOT.validate_python(snapshot)).decode(), mode=0o600)
