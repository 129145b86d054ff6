"""The group `pull.woocommerce` of a source: what is pulled from a shop of WooCommerce."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$", max_length=60)]

# Credentials are sent with each request, so never in clear text through a network.
SAFE_URL = r"^(https://[^/@?#\s]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^@?#\s]*[^/@?#\s])?$"


class WooCommerceSettings(SettingsPart):
    """What is pulled from a shop of WooCommerce by its interface wc/v3 (docs/sources.md)."""

    url: Annotated[
        str,
        About(
            "The address of the shop, such as `https://shop.example.com`. Without https only on this machine.",
            "Each shop has its own.",
        ),
    ] = Field(pattern=SAFE_URL)
    path: Annotated[
        str,
        About("The path of the interface below the address.", "It is that of WordPress with its usual permalinks."),
    ] = Field(default="/wp-json/wc/v3", pattern=r"^/[A-Za-z0-9._/-]*[A-Za-z0-9]$")
    environment_prefix: Annotated[
        str,
        About(
            "The beginning of the names of the environment variables with the credentials: `…_CONSUMER_KEY` and"
            " `…_CONSUMER_SECRET`.",
            "One shop needs one set.",
        ),
    ] = Field(default="WOOCOMMERCE", pattern=r"^[A-Z][A-Z0-9_]{0,60}$")
    objects: Annotated[
        tuple[Literal["orders", "refunds", "customers", "products"], ...],
        About("What is pulled.", "The built-in mapping `woocommerce` takes these."),
    ] = Field(default=("orders", "refunds", "customers", "products"), min_length=1)
    statuses: Annotated[
        tuple[Code, ...],
        About(
            "The statuses by which orders are queried, one after another.",
            "`any` is all except the trash. An order in the trash counts as cancelled. Plugins may have statuses that"
            " `any` does not include.",
        ),
    ] = Field(default=("any", "trash"), min_length=1)
    roles: Annotated[
        tuple[Code, ...],
        About("The roles of the users that are pulled as customers.", "Accounts of buyers have this role."),
    ] = Field(default=("customer",), min_length=1)
    page_size: Annotated[
        int, About("The number of records per request.", "It is the largest number that the interface allows.")
    ] = Field(default=100, ge=10, le=100)
    overlap_minutes: Annotated[
        int,
        About(
            "A pull also reads what has changed since this long before the last pull.",
            "It covers records that the shop stores late.",
            "minutes",
        ),
    ] = Field(default=30, ge=1, le=10_080)
    refund_days: Annotated[
        int,
        About(
            "Shops before WooCommerce 9.0 do not list refunds. Their orders of so many days are read for refunds.",
            "A refund does not change the time of its order there, and refunds are rarely later than this.",
            "days",
        ),
    ] = Field(default=180, ge=1, le=3_650)
    full_read_days: Annotated[
        int,
        About(
            "After this number of days, a pull reads all orders and refunds again.",
            "Plugins change orders without a new time of change.",
            "days",
        ),
    ] = Field(default=30, ge=1, le=3_650)
