"""The groups of settings in loyalty.yml: a source, the engine, retention, notifications.

What one value may be is in setting_values.py; how the file is read, and the settings as a whole, are in settings.py.
"""

import os
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipelines.setting_values import Folder, MappingName, Memory


class SettingsPart(BaseModel):
    """Refuses what it does not know, and does not change."""

    # an error would quote the whole input, and there are secrets in it
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SourceSettings(SettingsPart):
    """One source of files.

    Attributes:
        mapping: A built-in mapping's name, or the absolute path of a mapping file.
        files: The folder with its files.
    """

    mapping: MappingName
    files: Folder


def _at_least_one(sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
    if not sources:
        raise ValueError("name at least one source")
    return sources


Sources = Annotated[tuple[SourceSettings, ...], AfterValidator(_at_least_one)]


class EngineSettings(SettingsPart):
    """What DuckDB may take.

    Attributes:
        memory_limit: As DuckDB reads it, e.g. `4GB`.
        threads: DuckDB's threads; dbt builds as many models at a time.
    """

    memory_limit: Memory = "4GB"
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)


class RetentionSettings(SettingsPart):
    """Which published versions stay.

    Attributes:
        days: As-of days kept.
        grace_minutes: How long a version that is due to go still stays, for those who are reading it.
    """

    days: int = Field(default=30, ge=1)
    grace_minutes: int = Field(default=60, ge=0)


class WebhookSettings(SettingsPart):
    """How a message looks.

    Attributes:
        format: `json` (our own fields) or `slack` (`text` and `blocks`, as Slack and those compatible with it read).
    """

    format: Literal["json", "slack"] = "json"


class NotifySettings(SettingsPart):
    """Who is told of failures and recoveries, and as whom.

    Attributes:
        name: What messages call this installation; by default the home folder's name.
        webhook: How messages look. The URL comes from the environment alone; nobody is told without one.
    """

    name: str = Field(default="", max_length=100)
    webhook: WebhookSettings | None = None
