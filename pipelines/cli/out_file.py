"""Which files `--out` can write: a file is replaced as a whole, so nothing else may be in its place."""

from pathlib import Path

from pipelines.base.errors import ConfigError
from pipelines.config.settings import Settings


def require_writable(to: Path, settings: Settings) -> None:
    """Raise an error if a file must not be written: only new and regular files, and none among published versions.

    Raises:
        ConfigError: The path is a folder, a symbolic link, a device, or below the folder `published` of the home.
    """
    problem = _problem(to, settings.paths.published.resolve())
    if problem:
        raise ConfigError(f"{to} cannot be written: {problem}", hint="choose another file with --out")


def _problem(to: Path, published: Path) -> str:
    if to.is_dir():
        return "Is a directory"
    if to.is_symlink():
        return "it is a symbolic link, and would be replaced with a regular file"
    if to.exists() and not to.is_file():
        return "it is not a regular file, but a device, pipe or socket, and would be replaced with a regular file"
    if (to.parent.resolve() / to.name).is_relative_to(published):
        return f"it is below {published}, and only publications write there"
    return ""
