"""Looks into ZIP archives: a run reads an archive only if all its members have one layout."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.base.errors import InputError
from pipelines.base.text import printable_name
from pipelines.drafting.file_text import head_of
from pipelines.drafting.layout import layout_of
from pipelines.drafting.recognised import fits
from pipelines.landing.readers.zipfiles import open_zip, unpacked

_HIDDEN = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_SHOWN = 10


def check_archives(paths: Iterable[Path]) -> None:
    """Refuse archives whose members are of several kinds, with what each member is.

    Raises:
        InputError: An archive has such members, or cannot be read.
    """
    for path in paths:
        if path.suffix == ".zip" and head_of(path).startswith(b"PK"):
            _check(path)


def _check(path: Path) -> None:
    with open_zip(path, "ZIP archive") as archive, TemporaryDirectory() as folder:
        copies: dict[str, Path] = {}
        for number, member in enumerate(archive.infolist()):
            name = member.filename
            if member.is_dir() or name.startswith(_HIDDEN) or name.endswith(_HIDDEN):
                continue
            if name.endswith(".xml"):
                return  # a workbook
            copies[name] = Path(folder) / str(number) / Path(name).name
            copies[name].parent.mkdir()
            with copies[name].open("wb") as file:
                file.writelines(unpacked(archive, member))
        headers = {_header(copy) for copy in copies.values()}
        if len(copies) < 2 or (len(headers) == 1 and len(copies) > _SHOWN):
            return
        kinds = {name: _kind(copy) for name, copy in copies.items()}
    if len(set(kinds.values())) > 1 or (len(headers) > 1 and "" in kinds.values()):
        shown = [
            f"{printable_name(name)} ({f'the built-in mapping {kind} reads it' if kind else 'not recognised'})"
            for name, kind in kinds.items()
        ]
        more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
        raise InputError(
            f"{path}: the files in this archive are of several kinds: {', '.join(shown[:_SHOWN])}{more}",
            hint="Unpack it into a separate folder, keep the names of the files, and give that folder.",
        )


def _header(path: Path) -> frozenset[bytes]:
    """The columns of a text table, in any order; none for other files."""
    lines = head_of(path).splitlines() if path.suffix in (".csv", ".tsv", ".txt") else []
    return frozenset(lines[0].split(b",")) if lines else frozenset()


def _kind(path: Path) -> str:
    """The built-in mapping and its entry that read a file best; empty if none does."""
    try:
        found = fits(path, layout_of(path))
    except InputError:
        return ""
    # a name that leads to an entry distinguishes files of one layout
    best = next((fit for fit in found if fit.is_named and fit.mapping == found[0].mapping), found[0]) if found else None
    return f"{best.mapping} ({best.entry})" if best else ""
