"""The groups of settings in loyalty.yml: a source, the engine, retention, notifications.

What one value may be is in setting_values.py; how the file is read, and the settings as a whole, are in settings.py.
"""

import os
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pipelines.config.about import About
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
    """One source of files. A command that reads no files does not need the folder to be there."""

    mapping: Annotated[
        MappingName,
        About("A built-in mapping's name, or the path of a mapping file (docs/mapping.md).", example="mapping.yml"),
    ]
    files: Annotated[FilePath, About("The folder that the source's files are put into.", example="inbox")]


def _at_least_one(sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
    if not sources:
        raise ValueError("name at least one source")
    return sources


Sources = Annotated[tuple[SourceSettings, ...], AfterValidator(_at_least_one)]


class EngineSettings(SettingsPart):
    """What DuckDB may take."""

    memory_limit: Annotated[
        Memory,
        About(
            "The memory that DuckDB may use, such as 4GB or 512MB.",
            "A small server has it; what does not fit goes to disk.",
        ),
    ] = "4GB"
    threads: Annotated[
        int,
        About(
            "DuckDB's threads; dbt builds as many models at a time.",
            "All processors of the machine.",
            shown="the number of processors",
        ),
    ] = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)


class RetentionSettings(SettingsPart):
    """Which published versions stay."""

    days: Annotated[
        int,
        About("How many as-of days keep a published version.", "A month, to compare with the last report.", "days"),
    ] = Field(default=30, ge=1)
    grace_minutes: Annotated[
        int,
        About(
            "How long a version that is due to be removed still stays.",
            "A reader who has opened it can finish a long query.",
            "minutes",
        ),
    ] = Field(default=60, ge=0)


class WebhookSettings(SettingsPart):
    """How a message looks."""

    format: Annotated[
        Literal["json", "slack"],
        About(
            "`json` sends our own fields; `slack` sends `text` and `blocks`, as Slack reads them.",
            "Any receiver can read plain fields.",
        ),
    ] = "json"


class NotifySettings(SettingsPart):
    """Who is notified of failures and recoveries. The URL comes from the environment only."""

    name: Annotated[
        str,
        About(
            "What messages call this installation.",
            "The folder tells installations apart.",
            shown="the name of the home folder",
        ),
    ] = Field(default="", max_length=100)
    webhook: WebhookSettings | None = None
