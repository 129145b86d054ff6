"""What the files of the inboxes looked like when landing last read them: size and time of the last change of each.

So that somebody who only looks at the inboxes can tell which files landing has not read yet, without opening them. It
is no record of what landed: that is the ledger. If it is missing, every file counts as not read.
"""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.config.home import Home
from pipelines.landing.delivered import State

Seen = Mapping[str, Mapping[str, State]]
"""The state of each file by source and name."""

_SEEN = TypeAdapter(dict[str, dict[str, State]])


def read_seen(home: Home) -> Seen:
    """The files that landing has read; none where nobody wrote that down."""
    try:
        return _SEEN.validate_json(home.inbox_seen.read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}


def write_seen(home: Home, seen: Seen) -> None:
    """Replace what is written down, in one step."""
    write_text_durably(home.inbox_seen, _SEEN.dump_json(_SEEN.validate_python(seen)).decode(), mode=0o600)
