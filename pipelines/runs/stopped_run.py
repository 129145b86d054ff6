"""What a user reads after a signal has stopped a run: by which signal, what is published, and how to go on."""

import signal
from pathlib import Path

from pipelines.base.errors import PublicationError
from pipelines.base.stopping import Stopped, stopped
from pipelines.publication import list_versions

_HINT = (
    "call the same command again: landed files stay landed, and what was not finished is done again. Nothing is lost"
)


def stopped_run(number: signal.Signals, published: Path, run_id: str) -> Stopped:
    """The exception for a run that a signal has stopped.

    Args:
        number: The signal.
        published: The folder of the versions.
        run_id: The run. Its first part is in the id of the version that it publishes.
    """
    try:
        versions = list_versions(published)
    except PublicationError:  # there is a file instead of the pointer; the next run reports that
        return stopped(number, hint=_HINT)
    own = run_id.partition("-")[0]
    if new := next((one.id for one in versions if one.id.endswith(f"_{own}")), None):
        return stopped(number, f"the run had already published {new}", _HINT)
    current = next((one.id for one in versions if one.is_current), None)
    readers = f"readers still see {current}" if current else "there is no published version yet"
    return stopped(number, f"the run has published nothing; {readers}", _HINT)
