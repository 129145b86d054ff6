"""The journal of a batch that is replaced by another one, so that a killed run is finished by the next.

Only its shape, and reading and writing it; what is done is in batches.py.
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
    """Deliveries that move from one batch to another. A batch that has none left is removed.

    Attributes:
        source: The source of both.
        old: The batch that they leave.
        new: The batch that they go to.
        deliveries: Of each: file name, sequence, day of delivery.
    """

    source: str
    old: str
    new: str
    deliveries: tuple[tuple[str, int, date], ...]


_REPLACEMENT = TypeAdapter(Replacement)


def write_replacement(landing: Path, change: Replacement) -> None:
    """Write down what is about to be done."""
    text = _REPLACEMENT.dump_json(_REPLACEMENT.validate_python(asdict(change)), indent=2).decode()
    write_text_durably(landing / JOURNAL, text + "\n", mode=0o600)


def read_replacement(landing: Path) -> Replacement | None:
    """What was begun and not finished, if anything.

    Raises:
        BuildError: It cannot be read.
    """
    path = landing / JOURNAL
    try:
        return _REPLACEMENT.validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValidationError as problem:
        raise BuildError(
            f"{path} cannot be read, so that the batch that a killed run was replacing is not known",
            hint=f"restore {path.parent} from a backup",
        ) from problem


def remove_replacement(landing: Path) -> None:
    """It is done."""
    (landing / JOURNAL).unlink()
    sync_file(landing)
