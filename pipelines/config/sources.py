"""The group `sources` of loyalty.yml: the folders of files, and from where their files are pulled."""

from typing import Annotated

from pydantic import AfterValidator

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart
from pipelines.config.pulls import PullSettings
from pipelines.config.values import FilePath, MappingName


class SourceSettings(SettingsPart):
    """One source of files. A command that reads no files also works if the folder does not exist."""

    mapping: Annotated[
        MappingName,
        About(
            "The name of a built-in mapping, or the path of a mapping file (docs/mapping.md).", example="mapping.yml"
        ),
    ]
    files: Annotated[FilePath, About("The folder that receives the files of the source.", example="inbox")]
    pull: PullSettings | None = None


def _at_least_one(sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
    if not sources:
        raise ValueError("there is no source: add at least one entry with `mapping` and `files`")
    return sources


Sources = Annotated[tuple[SourceSettings, ...], AfterValidator(_at_least_one)]
