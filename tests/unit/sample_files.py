"""A small sample for tests, and a reading of its files that shares nothing with the code that writes them."""

import csv
import gzip
import io
import json
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pipelines.sample import write_sample

CUSTOMERS, DAYS, SEED, DIRTY = 400, 420, 11, 0.03
UNTIL = date(2025, 6, 30)
TITLE_LINES = {"orders": 1}
SEPARATORS = {"payments": ";", "contact_changes": ";", "campaign_touches": "\t"}


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="loyalty-sample-")  # goes with the session that holds it


@cache
def small_sample() -> Path:
    """One sample for all tests of a session; nobody writes to it."""
    out = Path(_folder().name)
    write_sample(out, customers=CUSTOMERS, days=DAYS, seed=SEED, dirty=DIRTY, until=UNTIL)
    return out


class Truth(NamedTuple):
    """A line of truth/planted_bad_rows.csv."""

    file_name: str
    line: int
    entity: str
    key: str
    rule: str


def planted(out: Path) -> list[Truth]:
    """The planted bad rows."""
    with (out / "truth" / "planted_bad_rows.csv").open(encoding="utf-8", newline="") as file:
        return [
            Truth(row["file_name"], int(row["line"]), row["entity"], row["key"], row["expected_rule"])
            for row in csv.DictReader(file)
        ]


def expected_counts(out: Path, source: str = "sample") -> dict[str, dict[str, int]]:
    """Entity to its counts, of one source."""
    with (out / "truth" / "expected_counts.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.pop("source") == source]
    return {row.pop("entity"): {name: int(count) for name, count in row.items()} for row in rows}


def kind(name: str) -> str:
    """`orders` of `orders_2025-01-31.csv`."""
    return name[: name.index("_20")]


def day_of(name: str) -> date:
    """The day that a file's name bears."""
    start = name.index("_20") + 1
    return date.fromisoformat(name[start : start + 10])


def lines_of(path: Path) -> list[str]:
    """Physical lines, their ends cut off."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return content.decode().split("\n")[:-1]


def good_records(path: Path, bad_lines: set[int]) -> list[dict[str, str | None]]:
    """The records of a text file but for those on the given lines; nested JSON flattened, empty CSV fields as None."""
    lines = lines_of(path)
    if ".jsonl" in path.name:
        return [_flat(json.loads(line)) for number, line in enumerate(lines, start=1) if number not in bad_lines]
    above = TITLE_LINES.get(kind(path.name), 0)
    kept = [line for number, line in enumerate(lines, start=1) if number > above and number not in bad_lines]
    text = io.StringIO("\n".join(kept) + "\n", newline="")
    rows = csv.DictReader(text, delimiter=SEPARATORS.get(kind(path.name), ","), strict=True)
    return [{name: value or None for name, value in row.items()} for row in rows]


def _flat(record: dict[str, object], prefix: str = "") -> dict[str, str | None]:
    flat: dict[str, str | None] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = None if value is None else str(value)
    return flat
