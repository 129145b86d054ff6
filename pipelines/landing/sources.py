"""The configured sources with their mappings, which a landing reads."""

from pipelines.base.errors import ConfigError
from pipelines.config.settings import Settings, check_inboxes
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.mapping import load_mapping


def source_files(settings: Settings) -> list[SourceFiles]:
    """The configured sources with their mappings, after a check of folders and mappings.

    Raises:
        ConfigError: No source is configured, a folder is missing, or a mapping cannot be used.
    """
    if not settings.sources:
        raise ConfigError("no source is configured", hint="set LOYALTY_CONFIG to the path of your loyalty.yml")
    check_inboxes(settings)
    return [SourceFiles(mapping=load_mapping(source.mapping), folder=source.files) for source in settings.sources]
