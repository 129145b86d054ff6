"""The sources that `loyalty init` has planned, and the files that it writes for them."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.base.durable import write_text_durably
from pipelines.base.errors import ConfigError
from pipelines.base.text import counted
from pipelines.cli.console import out

if TYPE_CHECKING:  # imported late elsewhere, so that `--help` is quick
    from pipelines.drafting import Draft, Wishes


@dataclass(frozen=True)
class PlannedSource:
    """A source as it will be configured.

    Attributes:
        mapping: A built-in mapping, or the path of a mapping file.
        folder: The folder of its files.
        draft: What was found in its files; None for a mapping that the user named.
        copied: Files to copy into the folder.
        wishes: What the user says about them, also in answers; None for a mapping that the user named.
    """

    mapping: str
    folder: Path
    draft: "Draft | None" = None
    copied: tuple[Path, ...] = ()
    wishes: "Wishes | None" = None

    @property
    def name(self) -> str:
        """The name of the source, or the path of the mapping file that has it."""
        return self.draft.source if self.draft else self.mapping

    @property
    def written(self) -> "Draft | None":
        """The draft that has to be written; None if the mapping exists."""
        return None if self.draft is None or self.draft.built_in else self.draft

    def copies(self) -> list[tuple[Path, Path]]:
        """Each file to copy, and where to."""
        return [(file, self.folder / file.name) for file in self.copied]


def check_targets(targets: list[Path]) -> None:
    """Look at everything that will be written, before anything is.

    Raises:
        ConfigError: A file exists already, or two files would be written to one place.
    """
    for number, target in enumerate(targets):
        if target.exists():
            raise ConfigError(
                f"{target} exists already and is not replaced; nothing was written",
                hint="choose another folder with --out",
            )
        if target in targets[:number]:
            raise ConfigError(f"two files would become {target}", hint="rename one of them, or give folders")


def relative(path: Path, to: Path) -> str:
    """A path as the config writes it: relative to the config's folder, if it is below it."""
    whole, base = path.absolute(), to.absolute()
    return os.path.relpath(whole, base) if whole.is_relative_to(base) else str(whole)


def write(source: PlannedSource, path: Path | None) -> None:
    """Write a drafted mapping, and copy single files into the source's folder."""
    source.folder.mkdir(parents=True, exist_ok=True)
    for file, target in source.copies():
        shutil.copyfile(file, target)
    if source.copied:
        out().print(f"copied to {source.folder}: {counted(len(source.copied), 'file')}; put later exports there")
    if path is not None and source.written is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_durably(path, source.written.text)
        out().print(f"{path} is written: a draft of the mapping")
