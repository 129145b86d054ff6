"""What a home remembers of its pulls beside their files. If it is lost, the next pull reads everything again.

- Files that were delivered while the server's clock was ahead. They are never used as the last pull, also not when
  their time has come: what changed between the last pull before them and that time would not be read.
- With which settings each object was last pulled. With other ones (another account, another table or cursor, more
  types of records), or unknown ones, everything is read again.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.base.durable import write_text_durably
from pipelines.connectors.pulled_files import pulled


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ignored: list[str] = Field(default_factory=list)
    settings: dict[str, str] = Field(default_factory=dict)


class PullMemory:
    """The memory of one source.

    Args:
        folder: The folder of its unfinished pull.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "memory.json"
        try:
            self._kept = _Kept.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            self._kept = _Kept()

    def note_ahead(self, names: Iterable[str], now: datetime) -> None:
        """Remember the delivered files that are from after the server's present time."""
        ahead = {one.name for one in pulled(names) if one.server_time > now} - set(self._kept.ignored)
        if ahead:
            self._kept.ignored += sorted(ahead)
            self._save()

    def usable(self, names: Iterable[str]) -> list[str]:
        """The names of delivered files that can be the last pull."""
        return [name for name in names if name not in self._kept.ignored]

    def has_changed(self, stem: str, settings: str) -> bool:
        """Whether an object was last pulled with other settings, or with unknown ones."""
        return self._kept.settings.get(stem) != _hash(settings)

    def keep(self, stem: str, settings: str) -> None:
        """Remember the settings of a complete pull."""
        if self._kept.settings.get(stem) != _hash(settings):
            self._kept.settings[stem] = _hash(settings)
            self._save()

    def _save(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text_durably(self._path, self._kept.model_dump_json(), mode=0o600)


def _hash(settings: str) -> str:
    return hashlib.sha256(settings.encode()).hexdigest()[:16]
