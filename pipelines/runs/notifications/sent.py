"""The notifications sent so far, in `<home>/state/notifications.json`.

With this record each run is reported once, and a recovery is reported only after a failure.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.durable import write_text_durably

_REMEMBERED = 200
_FORMER_NAME = "told.json"  # of homes that an older version of Loyalty Marts created


class SentNotifications(BaseModel):
    """The notifications sent so far.

    Attributes:
        run_ids: The runs that the last messages were about, the newest last.
        failing_run_id: The failed run since which nothing was published; empty if the last run published.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_ids: tuple[str, ...] = ()
    failing_run_id: str = ""

    def with_run(self, run_id: str, failing_run_id: str) -> "SentNotifications":
        """The record after a message about one more run."""
        return SentNotifications(run_ids=(*self.run_ids, run_id)[-_REMEMBERED:], failing_run_id=failing_run_id)


def read_sent(path: Path) -> SentNotifications:
    """The record, from the file's former name if only that exists; empty if the file is missing or invalid."""
    former = path.with_name(_FORMER_NAME)
    try:
        return SentNotifications.model_validate_json((path if path.exists() else former).read_bytes())
    except (FileNotFoundError, ValidationError):
        return SentNotifications()


def write_sent(path: Path, sent: SentNotifications) -> None:
    """Replace the file in one step, and remove the file with the former name."""
    write_text_durably(path, sent.model_dump_json() + "\n")
    path.with_name(_FORMER_NAME).unlink(missing_ok=True)
