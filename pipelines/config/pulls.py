"""The group `pull` of a source in loyalty.yml: from where its files are pulled.

Each connector has its own group. Credentials are never in the file: each group says which environment variables have
them.
"""

from typing import Annotated

from pydantic import Field, model_validator

from pipelines.config.about import About
from pipelines.config.model_values import Number
from pipelines.config.parts import SettingsPart
from pipelines.config.pull_fxiaoke import FxiaokeSettings
from pipelines.config.pull_shopify import ShopifySettings
from pipelines.config.pull_sql import SqlSettings
from pipelines.config.pull_typeform import TypeformSettings
from pipelines.config.pull_woocommerce import WooCommerceSettings
from pipelines.config.pull_zoho import ZohoSettings


class WebSettings(SettingsPart):
    """How requests are sent to the server of a source."""

    attempts: Annotated[
        int,
        About(
            "At most this many times a request is sent, if the server is busy, fails or cannot be reached.",
            "With the waits below, ten attempts take up to ten minutes, which is longer than most interruptions.",
        ),
    ] = Field(default=10, ge=1, le=100)
    wait_seconds: Annotated[
        Number,
        About(
            "The wait before the second attempt. It is doubled for each further one, and a random part is taken of it.",
            "A server that is busy for a moment answers a second later.",
            "seconds",
        ),
    ] = Field(default=1, ge=0.001, le=600)
    longest_wait_seconds: Annotated[
        Number,
        About(
            "No wait is longer than this, also if the server asks for it.",
            "It is the usual period of limits per minute.",
            "seconds",
        ),
    ] = Field(default=120, ge=0.001, le=3_600)
    connect_timeout_seconds: Annotated[
        Number,
        About("How long it may take to open a connection.", "A server that can be reached answers sooner.", "seconds"),
    ] = Field(default=10, gt=0, le=600)
    read_timeout_seconds: Annotated[
        Number,
        About(
            "How long to wait for the next bytes of an answer.",
            "The server sends nothing while it runs a query, and slow queries of a CRM take this long.",
            "seconds",
        ),
    ] = Field(default=60, gt=0, le=3_600)
    answer_timeout_seconds: Annotated[
        Number,
        About(
            "How long a whole answer may take. Downloads of files have no such limit.",
            "A page of a few hundred records is never this slow.",
            "seconds",
        ),
    ] = Field(default=300, gt=0, le=36_000)
    requests: Annotated[
        int,
        About("At most this many requests are sent per `per_seconds`.", "It is below the limits of the vendors."),
    ] = Field(default=90, ge=1, le=100_000)
    per_seconds: Annotated[
        Number,
        About("The period of `requests`.", "The limits of the vendors have periods like this.", "seconds"),
    ] = Field(default=20, gt=0, le=86_400)


class PullSettings(SettingsPart):
    """From where the files of a source are pulled (docs/sources.md). Exactly one connector is given."""

    required: Annotated[
        bool,
        About(
            "Whether a run fails if any object of the source cannot be pulled. Otherwise it warns and goes on with what"
            " has landed.",
            "The marts of the other sources are worth publishing.",
        ),
    ] = False
    stale_after_hours: Annotated[
        int,
        About(
            "A source is stale if its last complete pull is this many hours ago or more.",
            "One late daily pull needs no alarm; a missed one does.",
            "hours",
        ),
    ] = Field(default=36, ge=1, le=8_784)
    web: WebSettings = WebSettings()
    zoho: ZohoSettings | None = None
    fxiaoke: FxiaokeSettings | None = None
    shopify: ShopifySettings | None = None
    typeform: TypeformSettings | None = None
    woocommerce: WooCommerceSettings | None = None
    sql: SqlSettings | None = None

    @property
    def connector(self) -> str:
        """The name of the connector."""
        return next(name for name in CONNECTORS if getattr(self, name, None) is not None)

    @property
    def environment_prefix(self) -> str:
        """The beginning of the names of the environment variables that have its credentials."""
        if self.sql is not None:
            return self.sql.environment_variable
        return f"{getattr(self, self.connector).environment_prefix}_"

    @model_validator(mode="after")
    def _one_connector(self) -> "PullSettings":
        given = [name for name in CONNECTORS if getattr(self, name, None) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none (write a connector without settings as `fxiaoke: {}`)"
            raise ValueError(f"needs exactly one connector of {', '.join(CONNECTORS)}, but has {found}")
        return self


CONNECTORS: tuple[str, ...] = ("zoho", "fxiaoke", "sql", "shopify", "typeform", "woocommerce")
"""The connectors, each a group of PullSettings with its name."""
