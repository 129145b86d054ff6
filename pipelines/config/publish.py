"""The group `publish` of loyalty.yml: what a published version is written to besides the home."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart

POSTGRES_VARIABLE = "LOYALTY_POSTGRES"
# The usual variables of S3 clients. Without them the client looks for a profile or a role of the machine.
S3_VARIABLES = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})


def _not_reserved(name: str) -> str:
    if name.startswith("pg_") or name in ("public", "information_schema"):
        raise ValueError(f"`{name}` is a schema of PostgreSQL itself: choose another name")
    return name


class PostgresSettings(SettingsPart):
    """The marts in a database of PostgreSQL (docs/postgres.md)."""

    environment_variable: Annotated[
        str,
        About(
            "The environment variable that has the connection URI. The URI itself has a password, so it is never in"
            " this file.",
            "One database needs one variable.",
        ),
    ] = Field(default=POSTGRES_VARIABLE, pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")
    schema_name: Annotated[
        str,
        AfterValidator(_not_reserved),
        About(
            "The schema that readers see. It belongs to this home alone; other versions have this name with their id"
            " behind it.",
            "It is the name of the program.",
        ),
    ] = Field(default="loyalty", pattern=r"^[a-z_][a-z0-9_]{0,29}$")
    reader_role: Annotated[
        str | None,
        About(
            "The role that may read the marts. It must exist.",
            "Without it only the owner reads; roles differ between databases.",
            shown="none",
        ),
    ] = Field(default=None, min_length=1, max_length=63)
    versions: Annotated[
        Literal["current", "all"],
        About(
            "`current`: the database has the version that readers see. `all`: it has every version of the home, and a"
            " rollback takes no time.",
            "The home already keeps earlier versions, and each one needs the space of all marts.",
        ),
    ] = "current"
    swap_wait_seconds: Annotated[
        int,
        About(
            "For how long a run waits for the open transactions of readers before it gives up. Then readers keep the"
            " version that they see, the run warns, and the next run tries again.",
            "Most queries of dashboards are shorter.",
            "seconds",
        ),
    ] = Field(default=60, ge=0, le=3600)


def _without_keys(address: object) -> object:
    """Refuse an address with keys before another error would show it."""
    if isinstance(address, str) and "@" in address:
        raise ValueError("must not have keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
    return address


def _without_dots(url: str) -> str:
    if {".", ".."} & set(url.split("/")):
        raise ValueError("must not have `.` or `..` as a part of the prefix: write the folder itself")
    return url


class S3Settings(SettingsPart):
    """The versions in object storage with the interface of S3 (docs/object-storage.md)."""

    url: Annotated[
        str,
        BeforeValidator(_without_keys),
        AfterValidator(_without_dots),
        About(
            "The bucket and the prefix below which the versions are: `s3://bucket/prefix`. The bucket must exist. The"
            " prefix belongs to this home alone.",
            "Buckets differ, so there is no default.",
        ),
    ] = Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.=-]+)+$")
    endpoint: Annotated[
        str | None,
        BeforeValidator(_without_keys),
        About(
            "The address of the server, such as `https://storage.example.org:9000`.",
            "Without it the client uses AWS.",
            shown="AWS",
        ),
    ] = Field(default=None, pattern=r"^https?://[^/@?\s]+$")
    region: Annotated[
        str | None,
        About(
            "The region of the bucket.",
            "Without it the client uses the region of its own configuration, or us-east-1.",
            shown="that of the client",
        ),
    ] = Field(default=None, pattern=r"^[a-z0-9-]{1,40}$")
    path_style: Annotated[
        bool,
        About(
            "With `endpoint`: whether the bucket is in the path of a request (`https://host/bucket/...`) or in the"
            " name of the host (`https://bucket.host/...`).",
            "Most servers other than AWS expect it in the path.",
        ),
    ] = True


class PublishSettings(SettingsPart):
    """What a published version is written to besides the home."""

    postgres: PostgresSettings | None = None
    s3: S3Settings | None = None

    @property
    def variables(self) -> frozenset[str]:
        """The environment variables that have the address of a target, or the keys to it."""
        postgres = {POSTGRES_VARIABLE, *([self.postgres.environment_variable] if self.postgres else [])}
        return frozenset(postgres | (S3_VARIABLES if self.s3 else frozenset()))
