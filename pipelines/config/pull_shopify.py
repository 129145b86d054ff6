"""The group `pull.shopify` of a source: what is pulled from a shop of Shopify."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart
from pipelines.config.pull_woocommerce import SAFE_URL

Selection = Annotated[str, StringConstraints(pattern=r"^[^#]+$", max_length=1_000)]


class ShopifySettings(SettingsPart):
    """What is pulled from a shop of Shopify by its GraphQL Admin API (docs/sources.md)."""

    url: Annotated[
        str,
        About("The address of the shop, `https://NAME.myshopify.com`.", "Each shop has its own."),
    ] = Field(pattern=SAFE_URL)
    version: Annotated[
        str,
        About(
            "The version of the API. The vendor supports each one for a year, and then answers with a later one; the"
            " pull warns about that.",
            "The queries are valid in the schema of this version, and of 2025-10, 2026-01, 2026-07 and 2026-10.",
        ),
    ] = Field(default="2026-04", pattern=r"^(\d{4}-\d{2}|unstable)$")
    environment_prefix: Annotated[
        str,
        About(
            "The beginning of the names of the environment variables with the credentials: `…_ACCESS_TOKEN`, or"
            " `…_CLIENT_ID` and `…_CLIENT_SECRET`.",
            "One shop needs one set.",
        ),
    ] = Field(default="SHOPIFY", pattern=r"^[A-Z][A-Z0-9_]{0,60}$")
    objects: Annotated[
        tuple[Literal["orders", "customers", "products"], ...],
        About("What is pulled.", "The built-in mapping `shopify_api` takes these."),
    ] = Field(default=("orders", "customers", "products"), min_length=1)
    order_fields: Annotated[
        tuple[Selection, ...],
        About(
            'Further fields of orders in GraphQL, such as `till: metafield(namespace: "custom", key: "till") '
            "{ value }`.",
            "Custom fields have names of their own in each shop.",
        ),
    ] = ()
    customer_fields: Annotated[tuple[Selection, ...], About("Further fields of customers.", "As for orders.")] = ()
    product_fields: Annotated[tuple[Selection, ...], About("Further fields of products.", "As for orders.")] = ()
    page_size: Annotated[
        int,
        About(
            "The number of records per request. It is halved if the vendor refuses the cost of a query.",
            "A query may cost 1,000 points.",
        ),
    ] = Field(default=25, ge=1, le=250)
    nested_size: Annotated[
        int,
        About(
            "The number of items, transactions and variants that come with their record. Further ones are requested"
            " record by record.",
            "Most orders have fewer.",
        ),
    ] = Field(default=10, ge=1, le=250)
    overlap_minutes: Annotated[
        int,
        About(
            "A pull also reads what has changed since this long before the last pull.",
            "The search of the vendor finds changes late.",
            "minutes",
        ),
    ] = Field(default=60, ge=1, le=10_080)
    full_read_days: Annotated[
        int,
        About(
            "After this number of days, a pull reads everything again.",
            "Metafields change without a new time of the record.",
            "days",
        ),
    ] = Field(default=30, ge=1, le=3_650)
