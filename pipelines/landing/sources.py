"""The configured sources with their mappings: what a landing is asked to read."""

from pipelines.base.errors import ConfigError
from pipelines.config.settings import Settings, check_inboxes
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.mapping import load_mapping


def source_files(settings: Settings) -> list[SourceFiles]:
    """The configured sources, whose folders are there, with their mappings read and checked.

    Raises:
        ConfigError: There is none, a folder is missing, or a mapping cannot be used.
    """
    if not settings.sources:
        raise ConfigError("no source is configured", hint="point LOYALTY_CONFIG to your loyalty.yml")
    check_inboxes(settings)
    return [SourceFiles(mapping=load_mapping(source.mapping), folder=source.files) for source in settings.sources]
