"""The configured sources with their mappings, which a landing reads."""

from collections.abc import Iterable
from pathlib import Path

from pipelines.base.errors import ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.config.positions import Document, read_yaml
from pipelines.config.settings import Settings, check_inboxes
from pipelines.landing.inbox import SourceFiles
from pipelines.landing.mapping import load_mapping
from pipelines.landing.open_marks import refuse_undecided

_AUDIENCE_TOUCHES = Path(__file__).with_name("audience_touches.yml")


def source_files(settings: Settings) -> list[SourceFiles]:
    """The configured sources with their mappings, after a check of folders and mappings.

    Raises:
        ConfigError: No source is configured, a folder is missing, a mapping cannot be used, or it is still to decide
            how numbers or dates are read.
    """
    if not settings.sources:
        raise ConfigError("no source is configured", hint="set LOYALTY_CONFIG to the path of your loyalty.yml")
    check_inboxes(settings)
    mappings = [load_mapping(source.mapping) for source in settings.sources]
    refuse_undecided(mappings)
    names = {mapping.source for mapping in mappings}
    check_survivorship(settings, names)
    pairs = zip(settings.sources, mappings, strict=True)
    # a source that was never pulled has no folder yet
    sources = [
        SourceFiles(mapping, source.files, settings.timezone) for source, mapping in pairs if source.files.is_dir()
    ]
    return [*sources, *audience_touches(settings, names)]


def audience_touches(settings: Settings, names: Iterable[str]) -> list[SourceFiles]:
    """The files of campaign touches that exports of audiences wrote, for each source whose customers they name.

    Args:
        settings: The settings.
        names: The names of the configured sources.
    """
    folders = {name: settings.paths.audience_touches / name for name in sorted(names)}
    found = {name: folder for name, folder in folders.items() if folder.is_dir()}
    if not found:
        return []
    mapping = load_mapping(_AUDIENCE_TOUCHES)
    return [SourceFiles(mapping.model_copy(update={"source": name}), folder) for name, folder in found.items()]


def check_survivorship(settings: Settings, names: set[str]) -> None:
    """Raise an error if `model.identity.survivorship` lists a name that is not a source.

    The name of a source is in its mapping, so this is known only after the mappings are read.

    Args:
        settings: The settings.
        names: The names of the configured sources.

    Raises:
        ConfigError: A name is unknown; the message names the file and the line.
    """
    path = settings.config_path
    listed = settings.model.identity.survivorship
    unknown = [index for index, name in enumerate(listed) if name not in names]
    if not unknown:
        return
    document = read_yaml(path.read_text(encoding="utf-8-sig")) if path else Document(None, {})
    at = ("model", "identity", "survivorship")
    known = f"the sources are {', '.join(sorted(names))}"
    raise ConfigError(
        "\n".join(
            f"{path}:{document.line((*at, index))}: {'.'.join(at)}.{index}: `{listed[index]}` is not a source of this"
            f" file{did_you_mean(listed[index], names, known)}"
            for index in unknown
        ),
        hint="write names of configured sources: each mapping has its own under `source:`",
    )
