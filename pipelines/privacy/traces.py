"""Finds and removes original files, logs, artifacts and state with data of a person. It searches the bytes of files.

Landed rows are in landed.py. Published versions are in the package publication.
"""

import json
import mmap
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.base.durable import remove_unfinished, sha256_of
from pipelines.config.home import Home
from pipelines.privacy.plan import JOURNAL

PULLED = (".jsonl.gz", ".parquet")  # the ends of the names of pulled files


@dataclass(frozen=True)
class Originals:
    """The original files of batches with data of a person: path to the name that is shown to the user.

    Two sources can have folders and files of the same names, so only the path is unique.

    Attributes:
        inside: Files below home.
        outside: Files elsewhere.
    """

    inside: Mapping[Path, str]
    outside: Mapping[Path, str]


def find_originals(home: Home, folders: Iterable[Path], hashes: Collection[str]) -> Originals:
    """The files of the inboxes with the same bytes as some landed files, under any names.

    Args:
        home: The home.
        folders: The folders of the sources.
        hashes: The SHA-256 of the landed files, in hex.
    """
    inside: dict[Path, str] = {}
    outside: dict[Path, str] = {}
    if not hashes:
        return Originals(inside, outside)
    root = home.root.resolve()
    for folder in folders:
        for path in _files(folder):
            if sha256_of(path) not in hashes:
                continue
            # a link is removed like a file: every later run would reject a link without a target
            is_inside = all(place.resolve().is_relative_to(root) for place in (path, path.parent))
            (inside if is_inside else outside)[path] = str(path.relative_to(folder.parent))
    return Originals(inside, outside)


def remove_state(home: Home, found: Callable[[Sequence[str]], object] = lambda _: None) -> None:
    """Remove the warehouse, its state and the files that steps exchange. DuckDB keeps the bytes of deleted rows.

    Args:
        home: The home.
        found: Called with the paths that will be removed, relative to home.
    """
    stale = [
        *home.state.glob(f"{home.warehouse.name}*"),
        *(home.state / "tmp").glob("*"),
        *home.pulls.glob("*/*/"),  # pages of unfinished pulls: the next pull reads them again
        home.build_state,
        home.build_plan,
        home.inbox_seen,
        *home.exchange.glob("*"),
    ]
    stale = [path for path in stale if path.exists()]
    found(sorted(path.relative_to(home.root).as_posix() for path in stale))
    for path in stale:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def remove_unfinished_files(home: Home, pulled: Iterable[Path]) -> list[str]:
    """Remove what killed commands left of files with personal data: whom they name is not searched.

    The caller has the run lock, under which these files are written. A pull has a lock of its own: one that is writing
    a file into the inbox at this moment fails, and the next pull reads the same records again.

    Args:
        home: The home.
        pulled: The folders into which pulls write.

    Returns:
        The removed files, relative to home if they are below it.
    """
    own = (home.erasures, home.decisions.parent, home.audiences, home.audience_touches, home.pushes)
    removed = [path for folder in own for path in remove_unfinished(folder)]
    removed += [path for folder in pulled for path in remove_unfinished(folder, PULLED, below=False)]
    return [str(path.relative_to(home.root) if path.is_relative_to(home.root) else path) for path in removed]


def remove_logs(home: Home, words: Sequence[str], found: Callable[[str], object] = lambda _: None) -> list[str]:
    """Remove logs and dbt artifacts that name a person. Normally there are none, but an engine's error can quote data.

    Args:
        home: The home.
        words: The texts that identify the person.
        found: Called with each file that will be removed, relative to home.

    Returns:
        Other files that name the person, which are not removed; relative to home.
    """
    left = []
    places = [
        home.state,
        home.erasures,
        home.decisions.parent,
        home.audiences,
        *(home.published / "versions").glob("*"),
    ]
    for path in sorted({path for place in places for path in _files(place)}):
        if path.suffix in (".parquet", ".duckdb") or path == home.erasures / JOURNAL:
            continue
        if names(path, words):
            name = path.relative_to(home.root).as_posix()
            if path.is_relative_to(home.logs) or path.is_relative_to(home.target):
                found(name)
                path.unlink()
            else:
                left.append(name)
    return left


def names(path: Path, words: Sequence[str]) -> bool:
    """Whether a file's bytes contain one of some texts, in any case, plain or escaped as in JSON."""
    if not words or not path.stat().st_size:
        return False
    forms = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    pattern = re.compile(b"|".join(re.escape(form.encode()) for form in sorted(forms)), re.IGNORECASE)
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return pattern.search(content) is not None


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
