"""An audience as loyalty.yml declares it, and whether a version was built with this declaration."""

from collections.abc import Mapping

import duckdb

from pipelines.base.errors import ConfigError, PublicationError
from pipelines.base.spelling import did_you_mean
from pipelines.config.audiences import AudienceSettings
from pipelines.config.in_force import audience_texts
from pipelines.config.settings import Settings

_OF_VERSION = "select setting, value from rpt_setting where starts_with(setting, $prefix)"


def declared_audience(settings: Settings, name: str) -> AudienceSettings:
    """The audience of this name.

    Raises:
        ConfigError: loyalty.yml has no such audience.
    """
    if name not in settings.audiences:
        known = ", ".join(settings.audiences) or "none"
        near = did_you_mean(name, settings.audiences, f"the audiences are: {known}")
        raise ConfigError(
            f"loyalty.yml has no audience {name!r}{near}", hint="call `loyalty audience` to list the audiences"
        )
    return settings.audiences[name]


def difference(connection: duckdb.DuckDBPyConnection, name: str, audience: AudienceSettings) -> str:
    """What a version does not have of a declared audience; empty if it was built with the same declaration.

    Args:
        connection: The marts of the version.
        name: The name of the audience.
        audience: Its declaration.
    """
    prefix = f"audiences.{name}."
    built: Mapping[str, str] = dict(connection.execute(_OF_VERSION, {"prefix": prefix}).fetchall())
    if not built:
        return "was declared after the version was built"
    texts = {f"{prefix}{key}": text for key, text in audience_texts(audience).items()}
    keys = [key.removeprefix(prefix) for key in texts if texts[key] != built.get(key)]
    return f"was changed after the version was built: {', '.join(keys)}" if keys else ""


def require_built(connection: duckdb.DuckDBPyConnection, version: str, name: str, audience: AudienceSettings) -> None:
    """Refuse a version whose members follow another declaration: their consent may be for another channel.

    Raises:
        PublicationError: The version was built without the audience, or with another declaration of it.
    """
    if found := difference(connection, name, audience):
        raise PublicationError(f"the audience `{name}` {found} ({version})", hint="call `loyalty run` first")
