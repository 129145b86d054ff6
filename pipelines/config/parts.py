"""Groups of settings in loyalty.yml: the engine, retention, notifications.

Which values are allowed is in values.py; the settings as a whole are in schema.py; settings.py reads the file.
"""

import os
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pipelines.config.about import About
from pipelines.config.values import Memory


class SettingsPart(BaseModel):
    """Rejects unknown keys and is immutable."""

    # an error would otherwise quote the whole input, which contains secrets
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _reject_booleans_as_numbers(cls, value: object, info: ValidationInfo) -> object:
        """Pydantic would accept true as 1."""
        kind = cls.model_fields[str(info.field_name)].annotation
        kinds = {getattr(one, "__origin__", one) for one in (kind, *get_args(kind))}
        if isinstance(value, bool) and kinds & {int, float}:
            raise ValueError(f"must be a number, but is `{str(value).lower()}`")
        return value


class EngineSettings(SettingsPart):
    """How much memory and how many threads DuckDB may use."""

    memory_limit: Annotated[
        Memory,
        About(
            "The memory that DuckDB may use, such as 4GB or 512MB.",
            "Small servers have this much; DuckDB writes to disk what does not fit.",
        ),
    ] = "4GB"
    threads: Annotated[
        int,
        About(
            "The number of DuckDB's threads. dbt builds the same number of models at the same time.",
            "This uses all processors of the machine.",
            shown="the number of processors",
        ),
    ] = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)


class RetentionSettings(SettingsPart):
    """How long published versions are kept."""

    days: Annotated[
        int,
        About(
            "For how many as-of days a published version is kept.",
            "After a month, the last monthly report can still be compared.",
            "days",
        ),
    ] = Field(default=30, ge=1)
    grace_minutes: Annotated[
        int,
        About(
            "For how long a version is kept after it was current, even if `days` no longer keeps it.",
            "A reader who has opened the version can finish a long query.",
            "minutes",
        ),
    ] = Field(default=60, ge=0)


class WebhookSettings(SettingsPart):
    """The format of a notification."""

    format: Annotated[
        Literal["json", "slack"],
        About(
            "`json` sends plain fields; `slack` sends `text` and `blocks` in the format of Slack.",
            "Any receiver can read plain fields.",
        ),
    ] = "json"


class NotifySettings(SettingsPart):
    """Notifications of failures, recoveries and new versions. Their URL comes from the environment only."""

    name: Annotated[
        str,
        About(
            "The name of this installation in notifications.",
            "The folder distinguishes installations.",
            shown="the name of the home folder",
        ),
    ] = Field(default="", max_length=100)
    changes: Annotated[
        bool,
        About(
            "Whether the webhook is also notified of each new version, with what changed since the previous one in at"
            " most ten lines.",
            "Daily messages are read less carefully than rare ones.",
        ),
    ] = False
    webhook: WebhookSettings | None = None
