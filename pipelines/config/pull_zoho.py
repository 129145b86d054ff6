"""The group `pull.zoho` of a source in loyalty.yml: what is pulled from Zoho CRM."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart
from pipelines.config.pull_woocommerce import SAFE_URL

DataCenter = Literal["com", "eu", "in", "com.cn", "com.au", "jp", "sa", "ca"]

MODULES = (
    "Contacts",
    "Accounts",
    "Deals",
    "Sales_Orders",
    "Cases",
    "Calls",
    "Events",
    "Tasks",
    "Notes",
    "Campaigns",
)


def _different(modules: tuple[str, ...]) -> tuple[str, ...]:
    if not modules:
        raise ValueError("names no module")
    if len(set(modules)) < len(modules):
        raise ValueError("names a module twice")
    return modules


class ZohoSettings(SettingsPart):
    """What is pulled from Zoho CRM by its API v8 (docs/sources.md)."""

    environment_prefix: Annotated[
        str,
        About(
            "The beginning of the names of the environment variables with the credentials: `…_CLIENT_ID`,"
            " `…_CLIENT_SECRET` and `…_REFRESH_TOKEN`.",
            "One company needs one set.",
        ),
    ] = Field(default="ZOHO", pattern=r"^[A-Z][A-Z0-9_]{0,60}$")
    data_center: Annotated[
        DataCenter,
        About("The end of the address at which you sign in, such as `eu` for crm.zoho.eu.", "Most accounts are there."),
    ] = "com"
    modules: Annotated[
        tuple[Annotated[str, Field(pattern=r"^\w+$")], ...],
        AfterValidator(_different),
        About("The API names of the modules.", "These are the modules that the built-in mapping takes."),
    ] = MODULES
    campaign_members: Annotated[
        bool,
        About(
            "Whether the contacts of each campaign are read, if Campaigns is one of the modules.",
            "They are the campaign touches.",
        ),
    ] = True
    overlap_minutes: Annotated[
        int,
        About(
            "Each pull also reads what changed this long before the last pull.",
            "A change may become visible a little later than its time of change.",
            "minutes",
        ),
    ] = Field(default=10, ge=0, le=10_080)
    full_read_days: Annotated[
        int,
        About(
            "After this many days, all records are read again.",
            "Formula fields and new fields change a record without changing its time of change.",
            "days",
        ),
    ] = Field(default=7, ge=1, le=3_650)
    bulk_from_records: Annotated[
        int,
        About(
            "If a module has at least this many records, all of them are read by bulk read.",
            "It needs fewer credits than lists, and a list ends after 100,000 records.",
            "records",
        ),
    ] = Field(default=20_000, ge=1, le=100_000)
    bulk_wait_seconds: Annotated[
        int,
        About("How long a job of bulk read may take.", "Large jobs take some minutes.", "seconds"),
    ] = Field(default=3_600, ge=1, le=86_400)
    api_url: Annotated[
        str | None,
        About("The address of the API.", "The data center has its own address."),
    ] = Field(default=None, pattern=SAFE_URL)
    accounts_url: Annotated[
        str | None,
        About("The address that gives tokens.", "The data center has its own address."),
    ] = Field(default=None, pattern=SAFE_URL)

    @property
    def api(self) -> str:
        """The address of the API, without a slash at its end."""
        return (self.api_url or f"https://www.zohoapis.{self.data_center}").rstrip("/")

    @property
    def accounts(self) -> str:
        """The address that gives tokens, without a slash at its end."""
        domain = "zohocloud.ca" if self.data_center == "ca" else f"zoho.{self.data_center}"
        return (self.accounts_url or f"https://accounts.{domain}").rstrip("/")
