"""The journal of a batch replacement, with which the next run finishes a replacement of a killed run.

This module defines, reads and writes the journal. batches.py replaces the batch.
"""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipelines.base.durable import sync_file, write_text_durably
from pipelines.base.errors import BuildError

JOURNAL = "replacement.json"


@dataclass(frozen=True)
class Replacement:
    """Deliveries that move from one batch to another. A batch without deliveries is removed.

    Attributes:
        source: The source of both batches.
        old: The batch that they leave.
        new: The batch that they move to.
        deliveries: File name, sequence and day of each delivery.
    """

    source: str
    old: str
    new: str
    deliveries: tuple[tuple[str, int, date], ...]


_REPLACEMENT = TypeAdapter(Replacement)


def write_replacement(landing: Path, change: Replacement) -> None:
    """Write the journal before the replacement begins."""
    text = _REPLACEMENT.dump_json(_REPLACEMENT.validate_python(asdict(change)), indent=2).decode()
    write_text_durably(landing / JOURNAL, text + "\n", mode=0o600)


def read_replacement(landing: Path) -> Replacement | None:
    """The replacement that was begun but not finished, if there is one.

    Raises:
        BuildError: The journal cannot be read.
    """
    path = landing / JOURNAL
    try:
        return _REPLACEMENT.validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValidationError as problem:
        raise BuildError(
            f"{path} cannot be read. It records which batch a killed run was replacing; without it, rows of a file may"
            " count twice",
            hint=f"restore {path.parent} from a backup",
        ) from problem


def remove_replacement(landing: Path) -> None:
    """Remove the journal after the replacement."""
    (landing / JOURNAL).unlink()
    sync_file(landing)
