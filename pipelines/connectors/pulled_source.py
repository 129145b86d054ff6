"""The sources of loyalty.yml that are pulled: their names, folders and settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.config.pulls import PullSettings
from pipelines.config.settings import Settings
from pipelines.landing.mapping import load_mapping


@dataclass(frozen=True)
class PulledSource:
    """A source that is pulled.

    Attributes:
        name: The name of the source, from its mapping.
        folder: Its inbox.
        home: The home.
        work: The folder of its unfinished pull and of its last report.
        settings: Its group `pull`.
    """

    name: str
    folder: Path
    home: Path
    work: Path
    settings: PullSettings


def pulled_sources(settings: Settings) -> list[PulledSource]:
    """The sources with a group `pull`, in the order of the file.

    Raises:
        ConfigError: A mapping cannot be used.
    """
    return list(_sources(settings))


def _sources(settings: Settings) -> Iterator[PulledSource]:
    for source in settings.sources:
        if source.pull is not None:
            name = load_mapping(source.mapping).source
            yield PulledSource(name, source.files, settings.home, settings.paths.pulls / name, source.pull)


def chosen(sources: list[PulledSource], name: str | None) -> list[PulledSource]:
    """The sources with a name or a connector; all without a name.

    Raises:
        ConfigError: There is none.
    """
    if not sources:
        raise ConfigError(
            "no source of loyalty.yml has a group `pull`",
            hint="add the group `pull` to a source; docs/sources.md has an example for each system",
        )
    found = [one for one in sources if name in (None, one.name, one.settings.connector)]
    if not found:
        names = sorted({one.name for one in sources} | {one.settings.connector for one in sources})
        near = did_you_mean(name or "", names, f"there are {', '.join(names)}")
        raise ConfigError(
            f"no pulled source is named `{name}`{near}",
            hint="give the name of a source or a connector in loyalty.yml; without a name, all sources are pulled",
        )
    return found
