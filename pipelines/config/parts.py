"""The groups of settings in loyalty.yml: a source, the engine, retention, notifications.

What one value may be is in setting_values.py; how the file is read, and the settings as a whole, are in settings.py.
"""

import os
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pipelines.config.values import FilePath, MappingName, Memory


class SettingsPart(BaseModel):
    """Refuses what it does not know, and does not change."""

    # an error would quote the whole input, and there are secrets in it
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_number_is_true(cls, value: object, info: ValidationInfo) -> object:
        """Python takes true for 1."""
        kind = cls.model_fields[str(info.field_name)].annotation
        kinds = {getattr(one, "__origin__", one) for one in (kind, *get_args(kind))}
        if isinstance(value, bool) and kinds & {int, float}:
            raise ValueError(f"must be a number, but is `{str(value).lower()}`")
        return value


class SourceSettings(SettingsPart):
    """One source of files.

    Attributes:
        mapping: A built-in mapping's name, or the absolute path of a mapping file.
        files: The folder with its files; only what reads files needs it (`check_inboxes` of settings.py).
    """

    mapping: MappingName
    files: FilePath


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
