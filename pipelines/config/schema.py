"""Every key of loyalty.yml: what a user can set, with type, default, bounds, meaning and reason.

How the file is found and read is in settings.py; the groups of keys are in parts.py, limits.py and model.py.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from pipelines.base.project import project_root
from pipelines.config.about import About
from pipelines.config.home import Home
from pipelines.config.limits import QuarantineSettings
from pipelines.config.model import ModelSettings
from pipelines.config.parts import EngineSettings, NotifySettings, RetentionSettings, SettingsPart, Sources
from pipelines.config.values import AsOf, CurrencyCode, Day, HomeFolder, Industry, WebhookUrl, Zone


class Settings(SettingsPart):
    """Everything that loyalty.yml says, checked, with absolute paths.

    Attributes:
        config_path: The file that this came from, or None.
        key_text: The secret of the pseudonyms where the environment gives it.
        webhook_url: Where notifications go.
    """

    home: Annotated[
        HomeFolder,
        About("The folder of this installation, relative to the file.", "It lies beside the file.", shown="home"),
    ]
    as_of: Annotated[
        AsOf,
        About(
            "The day that the marts describe: a day such as 2024-01-31, `yesterday`, or `latest`, the last business day"
            " with an accepted event of a customer or with a correction soon after it.",
            "Marts are as new as the data, and a day without files does not look as if customers had stopped.",
        ),
    ] = "latest"
    timezone: Annotated[
        Zone,
        About(
            "The zone of the business day: it decides on which day an order counts.",
            example="Europe/London",
        ),
    ]
    currency: Annotated[
        CurrencyCode,
        About(
            "The reporting currency, three capital letters: every amount in a mart is in it.",
            example="EUR",
        ),
    ]
    industry: Annotated[
        Industry,
        About(
            "Which preset of business numbers applies (dbt_project/seeds/loyalty_industry_presets.csv).",
            "A shop of mixed goods is the middle of the presets.",
            var="industry",
        ),
    ] = "retail"
    sources: Annotated[Sources, About("Where raw files come from.", example="[{mapping: mapping.yml, files: inbox}]")]
    engine: EngineSettings = EngineSettings()
    retention: RetentionSettings = RetentionSettings()
    quarantine: QuarantineSettings = QuarantineSettings()
    history_months: Annotated[
        int,
        About(
            "Month ends before the as-of day for which marts keep history.",
            "A year, and the month to compare it with.",
            "months",
            var="history_months",
        ),
    ] = Field(default=13, ge=1, le=120)
    latest_correction_days: Annotated[
        int,
        About(
            "How many days after the last event a correction still moves `latest`.",
            "Refunds, changes of status and edits usually come within a week. A later one must not leave a long time"
            " without events before the as-of day, which would look as if customers had stopped.",
            "days",
        ),
    ] = Field(default=7, ge=0, le=366)
    max_days_after_data: Annotated[
        int,
        About(
            "How many days after the last event the as-of day may lie.",
            "A quiet weekend is normal; a day long after the last event would be built from files that did not come.",
            "days",
        ),
    ] = Field(default=7, ge=0, le=36_500)
    first_day: Annotated[
        Day | None,
        About(
            "The first day that can be built.",
            "Before it there is nothing to report.",
            shown="the day of the first event",
        ),
    ] = None
    stale_after_days: Annotated[
        int,
        About(
            "How many days the publication may lag, or be without a successful run, before it is stale; 0 for never.",
            "One daily run that comes late is not an alarm; two missed ones are.",
            "days",
        ),
    ] = Field(default=2, ge=0, le=36_500)
    schedule_hour: Annotated[
        int,
        About(
            "The hour of the daily run, in `timezone`.", "The files of the night are there; readers come later.", "hour"
        ),
    ] = Field(default=5, ge=0, le=23)
    notify: NotifySettings = NotifySettings()
    model: ModelSettings = ModelSettings()
    config_path: Path | None = Field(default=None, exclude=True)
    key_text: SecretStr | None = Field(default=None, exclude=True)
    webhook_url: WebhookUrl | None = Field(default=None, exclude=True)

    @field_validator("first_day")
    @classmethod
    def _has_come(cls, day: date | None, info: ValidationInfo) -> date | None:
        zone = info.data.get("timezone")
        if day and zone and day > (today := datetime.now(ZoneInfo(zone)).date()):
            raise ValueError(f"{day} lies in the future: today is {today}")
        return day

    @property
    def paths(self) -> Home:
        """What lies where below `home`."""
        return Home(self.home)

    @property
    def is_notifying(self) -> bool:
        """Whether somebody is to be notified: the environment has a URL (enough by itself), or the file says how."""
        return self.webhook_url is not None or self.notify.webhook is not None

    @property
    def installation(self) -> str:
        """What messages call this installation."""
        return self.notify.name or self.home.name

    def today(self) -> date:
        """The business day that it is now."""
        return datetime.now(ZoneInfo(self.timezone)).date()

    @classmethod
    def unconfigured(cls) -> "Settings":
        """Settings without a file, enough to show the asset graph; no source, so nothing to run."""
        # XXX is the ISO code for no currency
        return cls.model_construct(home=project_root() / "home", timezone="UTC", currency="XXX", sources=())
