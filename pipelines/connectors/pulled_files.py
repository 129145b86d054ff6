"""The files that pulls have delivered: their names say up to which cursor each object was read.

So the state of a source is what has been delivered, and nothing else. A pull that was stopped before its file was in
the inbox has no file, and the next one reads the same records again.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

from pipelines.landing.index import read_deliveries

_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(
    r"(?P<stem>.+)_(?P<time>\d{8}T\d{6}Z)(?:-(?P<number>\d+))?(?:_c(?P<cursor>[^_/]+))?(?P<full>_full)?"
    r"\.(?:jsonl\.gz|parquet)"
)


@dataclass(frozen=True)
class Pulled:
    """A delivered file of an object.

    Attributes:
        name: Its name below the folder of the source.
        stem: The beginning of its name, which names the object.
        server_time: When its pull began, by the server's clock, UTC.
        number: 1, or more if pulls began in the same second.
        cursor: Up to where its object was read.
        is_full: Whether everything was read.
    """

    name: str
    stem: str
    server_time: datetime
    number: int
    cursor: str
    is_full: bool


def time_text(moment: datetime) -> str:
    """A time as it is in names: `YYYYMMDDTHHMMSSZ`."""
    return moment.astimezone(UTC).strftime(_TIME)


def time_of(text: str) -> datetime:
    """The time of `time_text`."""
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def file_name(
    stem: str, server_time: str, cursor: str, *, is_full: bool, is_snapshot: bool, suffix: str, taken: Iterable[str]
) -> str:
    """The name of a new file. It is not one of the names that are taken, unless it replaces an earlier snapshot."""
    if is_snapshot:
        return f"{stem}{suffix}"
    same = [one.number for one in pulled(taken) if one.stem == stem and time_text(one.server_time) == server_time]
    number = f"-{max(same) + 1}" if same else ""
    shown = quote(cursor, safe="").replace("_", "%5F")
    end = ("" if cursor == server_time else f"_c{shown}") + ("_full" if is_full else "")
    return f"{stem}_{server_time}{number}{end}{suffix}"


def delivered(home: Path, source: str, folder: Path) -> list[str]:
    """The names of all files of a source: those in its inbox, and those that have landed."""
    here = {path.name for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()
    rows = read_deliveries(home).select(["source", "file_name"]).to_pylist()
    return sorted(here | {row["file_name"] for row in rows if row["source"] == source})


def pulled(names: Iterable[str]) -> Iterator[Pulled]:
    """The files whose names are those of pulls."""
    for name in names:
        if found := _NAME.fullmatch(name):
            time = found["time"]
            try:
                server_time = time_of(time)
            except ValueError:
                continue  # no time, such as a month with the number 24: no pull has given it this name
            yield Pulled(
                name=name,
                stem=found["stem"],
                server_time=server_time,
                number=int(found["number"] or 1),
                cursor=unquote(found["cursor"]) if found["cursor"] else time,
                is_full=bool(found["full"]),
            )


def newest(names: Iterable[str], stem: str, now: datetime, *, full_only: bool = False) -> Pulled | None:
    """The newest file of an object, or None.

    A file from after the server's present time was pulled while the server's clock was wrong. It is not used: what the
    server has changed since then would never be read.

    Args:
        names: The names of delivered files.
        stem: The object.
        now: The server's time, UTC.
        full_only: Whether to look only at files with everything.
    """
    usable = [one for one in pulled(names) if one.stem == stem and one.server_time <= now]
    return max(
        (one for one in usable if one.is_full or not full_only),
        key=lambda one: (one.server_time, one.number),
        default=None,
    )
