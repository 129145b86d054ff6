"""Where else a person may stand: original files, logs, artifacts, state. Files are looked at byte by byte.

What holds landed rows is landed.py's, and published versions are publication's.
"""

import hashlib
import json
import mmap
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.config.home import Home
from pipelines.privacy.plan import JOURNAL


@dataclass(frozen=True)
class Originals:
    """Original files of batches that held a person: paths, and names as the user knows them.

    Two sources may have folders and files of the same names, so a path is known by nothing but itself.

    Attributes:
        ours: Below home.
        theirs: Elsewhere.
    """

    ours: Mapping[Path, str]
    theirs: Mapping[Path, str]


def find_originals(home: Home, folders: Iterable[Path], hashes: Collection[str]) -> Originals:
    """The files of the inboxes that have the same bytes as some landed ones, whatever they are called now.

    Args:
        home: The home.
        folders: The sources' folders.
        hashes: SHA-256 of the landed files, in hex.
    """
    ours: dict[Path, str] = {}
    theirs: dict[Path, str] = {}
    if not hashes:
        return Originals(ours, theirs)
    root = home.root.resolve()
    for folder in folders:
        for path in _files(folder):
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() not in hashes:
                    continue
            # a link goes as well as the file: left to nothing, it would be refused by every later run
            below = all(place.resolve().is_relative_to(root) for place in (path, path.parent))
            (ours if below else theirs)[path] = str(path.relative_to(folder.parent))
    return Originals(ours, theirs)


def remove_state(home: Home) -> list[str]:
    """Remove the warehouse and what passed between steps: deleted rows leave their bytes in a DuckDB file.

    Returns:
        What was removed, relative to home.
    """
    stale = [
        *home.state.glob(f"{home.warehouse.name}*"),
        *(home.state / "tmp").glob("*"),
        home.build_state,
        home.build_plan,
        home.inbox_seen,
        *home.exchange.glob("*"),
    ]
    removed = []
    for path in stale:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
        else:
            continue
        removed.append(path.relative_to(home.root).as_posix())
    return sorted(removed)


def remove_logs(home: Home, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Remove logs and dbt's artifacts that name a person. By contract there is none; an engine's error may quote data.

    Returns:
        Files removed, and files of other kinds that name the person and are still there; relative to home.
    """
    removed, left = [], []
    places = [home.state, home.erasures, *(home.published / "versions").glob("*")]
    for path in sorted({path for place in places for path in _files(place)}):
        if path.suffix in (".parquet", ".duckdb") or path == home.erasures / JOURNAL:
            continue
        if names(path, words):
            name = path.relative_to(home.root).as_posix()
            if path.is_relative_to(home.logs) or path.is_relative_to(home.target):
                path.unlink()
                removed.append(name)
            else:
                left.append(name)
    return removed, left


def names(path: Path, words: Sequence[str]) -> bool:
    """Whether a file's bytes hold one of some texts, in any case, plain or as JSON writes it."""
    if not words or not path.stat().st_size:
        return False
    forms = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    pattern = re.compile(b"|".join(re.escape(form.encode()) for form in sorted(forms)), re.IGNORECASE)
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return pattern.search(content) is not None


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
