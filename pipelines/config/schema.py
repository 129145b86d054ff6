"""Every key of loyalty.yml with its type, default, bounds, meaning and reason.

settings.py finds and reads the file; the groups of keys are in parts.py, limits.py and model.py.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from pipelines.base.project import project_root
from pipelines.config.about import About
from pipelines.config.audience_condition import check_codes
from pipelines.config.audiences import Audiences
from pipelines.config.home import Home
from pipelines.config.limits import QuarantineSettings
from pipelines.config.model import ModelSettings
from pipelines.config.model_vars import model_vars
from pipelines.config.parts import EngineSettings, NotifySettings, RetentionSettings, SettingsPart
from pipelines.config.publish import PublishSettings
from pipelines.config.push import Pushes
from pipelines.config.sources import Sources
from pipelines.config.values import AsOf, CheckLimit, CurrencyCode, Day, HomeFolder, Industry, WebhookUrl, Zone


class Settings(SettingsPart):
    """All settings of loyalty.yml, validated, with absolute paths.

    Attributes:
        config_path: The file that was read, or None.
        key_text: The secret of the pseudonyms, if it is set in the environment.
        webhook_url: The URL that receives notifications.
    """

    home: Annotated[
        HomeFolder,
        About(
            "The folder of this installation. A relative path starts at the file's folder.",
            "So the folder is next to the file.",
            shown="home",
        ),
    ]
    as_of: Annotated[
        AsOf,
        About(
            "The day that the marts describe: a day such as 2024-01-31, `yesterday`, or `latest`. `latest` is the last"
            " business day with an accepted event of a customer, or with a correction soon after it.",
            "Marts are as current as the data. On a day without files, customers do not look inactive.",
        ),
    ] = "latest"
    timezone: Annotated[
        Zone,
        About(
            "The time zone of the business day. It decides on which day an order counts.",
            example="Europe/London",
        ),
    ]
    currency: Annotated[
        CurrencyCode,
        About(
            "The reporting currency as three capital letters. Every amount in a mart is in this currency.",
            example="EUR",
        ),
    ]
    industry: Annotated[
        Industry,
        About(
            "The preset of business numbers that applies (dbt_project/seeds/loyalty_industry_presets.csv).",
            "Without a choice, the numbers are those of no industry in particular.",
            var="industry",
        ),
    ] = "general"
    sources: Annotated[Sources, About("The sources of raw files.", example="[{mapping: mapping.yml, files: inbox}]")]
    engine: EngineSettings = EngineSettings()
    retention: RetentionSettings = RetentionSettings()
    quarantine: QuarantineSettings = QuarantineSettings()
    gates: Annotated[
        dict[str, dict[str, CheckLimit]],
        About(
            "Other limits or another severity (`error`, `warn`) for single quality checks, by dataset and check:"
            " `{orders.orders_have_a_time: {min_share: 0.9, severity: warn}}`. docs/quality-checks.md lists the"
            " checks and their limits.",
            "The limits suit most shops; each check says why it exists.",
            shown="none",
        ),
    ] = Field(default_factory=dict)
    history_months: Annotated[
        int,
        About(
            "The number of month ends on or before the as-of day for which marts keep history.",
            "It is a year, and one more month for comparison.",
            "months",
            var="history_months",
        ),
    ] = Field(default=13, ge=1, le=120)
    latest_correction_days: Annotated[
        int,
        About(
            "For how many days after the last event a correction still moves `latest`.",
            "Refunds, status changes and edits usually come within a week. If a later correction moved `latest`, there"
            " could be a long period without events before the as-of day, and customers would look inactive.",
            "days",
        ),
    ] = Field(default=7, ge=0, le=366)
    max_days_after_data: Annotated[
        int,
        About(
            "How many days the as-of day may be after the last event.",
            "A weekend without events is normal. If the as-of day is much later, files are probably missing.",
            "days",
        ),
    ] = Field(default=7, ge=0, le=36_500)
    first_day: Annotated[
        Day | None,
        About(
            "The first day that can be built.",
            "Before the first event there is nothing to report.",
            shown="the day of the first event",
        ),
    ] = None
    stale_after_days: Annotated[
        int,
        About(
            "The publication is stale if it is this many days or more behind the expected day, or if no run has"
            " succeeded for this many days. With 0 only a publication that readers cannot use is stale.",
            "One late daily run needs no alarm; two missed runs do.",
            "days",
        ),
    ] = Field(default=2, ge=0, le=36_500)
    schedule_hour: Annotated[
        int,
        About(
            "The hour of the daily run, in `timezone`.",
            "At this hour the files of the night have arrived, and readers have not started yet.",
            "hour",
        ),
    ] = Field(default=5, ge=0, le=23)
    notify: NotifySettings = NotifySettings()
    publish: PublishSettings = PublishSettings()
    audiences: Annotated[
        Audiences,
        About(
            "Groups of customers to contact, by name (docs/audiences.md): who belongs to each, by which channel, and"
            " the holdout group.",
            "Whom to contact is a decision of the shop.",
            shown="none",
        ),
    ] = Field(default_factory=dict)
    push: Annotated[
        Pushes,
        About(
            "What `loyalty push` writes into a CRM, one entry per object (docs/push.md).",
            "Nothing is written into a system of yours unless you ask for it.",
            shown="none",
        ),
    ] = ()
    model: ModelSettings = ModelSettings()
    config_path: Path | None = Field(default=None, exclude=True)
    key_text: SecretStr | None = Field(default=None, exclude=True)
    webhook_url: WebhookUrl | None = Field(default=None, exclude=True)

    @field_validator("first_day")
    @classmethod
    def _not_in_the_future(cls, day: date | None, info: ValidationInfo) -> date | None:
        zone = info.data.get("timezone")
        if day and zone and day > (today := datetime.now(ZoneInfo(zone)).date()):
            raise ValueError(f"{day} is in the future: today is {today}")
        return day

    @model_validator(mode="after")
    def _audiences_compare_with_codes_in_force(self) -> "Settings":
        found: list[InitErrorDetails] = []
        for name, one in self.audiences.items():
            try:
                check_codes(one.where, model_vars(self.model))
            except ValueError as problem:
                error = PydanticCustomError("value_error", "Value error, {words}", {"words": str(problem)})
                found.append({"type": error, "loc": ("audiences", name, "where"), "input": one.where})
        if found:
            raise ValidationError.from_exception_data("Settings", found)
        return self

    @property
    def paths(self) -> Home:
        """The paths below `home`."""
        return Home(self.home)

    @property
    def is_notifying(self) -> bool:
        """Whether notifications are configured: by a URL in the environment, or by `notify.webhook` in the file."""
        return self.webhook_url is not None or self.notify.webhook is not None

    @property
    def installation(self) -> str:
        """The name of this installation in notifications."""
        return self.notify.name or self.home.name

    def today(self) -> date:
        """The current business day."""
        return datetime.now(ZoneInfo(self.timezone)).date()

    @classmethod
    def unconfigured(cls) -> "Settings":
        """Settings without a file. They have no source, so they can show the asset graph but run nothing."""
        # XXX is the ISO code for "no currency"
        return cls.model_construct(home=project_root() / "home", timezone="UTC", currency="XXX", sources=())
