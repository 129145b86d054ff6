"""What was told so far, `<home>/state/told.json`: enough to tell each run once, and a recovery only after a failure."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base.durable import write_text_durably

_REMEMBERED = 200


class Told(BaseModel):
    """What was told.

    Attributes:
        run_ids: The runs that the last messages were about, the newest last.
        failing_run_id: The failed run since which nothing was published; empty where the last run published.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_ids: tuple[str, ...] = ()
    failing_run_id: str = ""

    def and_of(self, run_id: str, failing_run_id: str) -> "Told":
        """After a message about one more run."""
        return Told(run_ids=(*self.run_ids, run_id)[-_REMEMBERED:], failing_run_id=failing_run_id)


def read_told(path: Path) -> Told:
    """What was told; nothing where the file is missing or not ours."""
    try:
        return Told.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return Told()


def write_told(path: Path, told: Told) -> None:
    """Replace the file in one step."""
    write_text_durably(path, told.model_dump_json() + "\n")
