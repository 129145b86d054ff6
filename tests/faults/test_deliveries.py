"""Three whole runs over the same records, delivered otherwise: the marts' bytes are those of the sample's own run."""

import csv
import random
import shutil
from pathlib import Path

import pytest

from tests.conftest import SampleHome
from tests.sample_shop import Shop, files_by_day, ran

pytestmark = pytest.mark.slow

# Rows of these have keys, and no quoted line ends: a file of them may be cut between any two lines.
SPLIT = {"orders": 2, "products": 1}


@pytest.fixture
def shop(sample_home: SampleHome, tmp_path: Path) -> Shop:
    return Shop(sample_home, tmp_path / "shop")


def inbox_files(sample: SampleHome) -> list[Path]:
    return [file for day in files_by_day(sample) for file in day]


def test_late_shuffled_and_twice(sample_home: SampleHome, shop: Shop) -> None:
    """Half of the files, of any day, come first; the rest, and all of the first half again, days later."""
    files = inbox_files(sample_home)
    random.Random(1).shuffle(files)
    half = len(files) // 2
    shop.receive(files[:half])
    shop.run("--as-of", ran(sample_home.output).report["as_of"])
    shop.receive(files[half:])
    assert shop.run().marts == ran(sample_home.output).marts


def test_renamed(sample_home: SampleHome, shop: Shop) -> None:
    """Under other names, in other folders, with the same date in the name; half of them under two names at once."""
    for number, file in enumerate(inbox_files(sample_home)):
        folder = shop.inbox_of(file) / f"from {number % 3}"
        folder.mkdir(exist_ok=True)
        stem, _, day = file.name.rpartition("_")
        shutil.copy2(file, folder / f"{stem}_renamed_{day}")
        if number % 2:
            shutil.copy2(file, shop.inbox_of(file) / file.name)
    assert shop.run().marts == ran(sample_home.output).marts


def test_split_and_put_together(sample_home: SampleHome, shop: Shop) -> None:
    """Files whose rows have keys, each cut into three; seen from the cut ones, the sample's own are put together."""
    cut = 0
    for file in inbox_files(sample_home):
        heading = SPLIT.get(file.name.partition("_")[0])
        lines = file.read_bytes().splitlines(keepends=True) if heading and file.suffix == ".csv" else []
        if heading is None or len(lines) < heading + 6 or not _is_plain(file, heading):
            shutil.copy2(file, shop.inbox_of(file) / file.name)
            continue
        cut += 1
        head, rows = lines[:heading], lines[heading:]
        third = len(rows) // 3
        stem, _, day = file.stem.rpartition("_")
        for part, some in enumerate((rows[:third], rows[third : 2 * third], rows[2 * third :])):
            (shop.inbox_of(file) / f"{stem}_part{part}_{day}.csv").write_bytes(b"".join([*head, *some]))
    assert cut > 10
    assert shop.run().marts == ran(sample_home.output).marts


def _is_plain(file: Path, heading: int) -> bool:
    """Whether each line is a record of the header's width."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(text.splitlines()[heading - 1 :], strict=True))
    except (UnicodeDecodeError, csv.Error):
        return False
    return all(len(row) == len(rows[0]) for row in rows) and text.count("\n") >= len(rows)


def test_the_inboxes_are_the_samples(sample_home: SampleHome) -> None:
    """What the cases above deliver is all that the sample's own run had."""
    there = [path for inbox in sample_home.inboxes() for path in inbox.iterdir()]
    assert sorted(inbox_files(sample_home)) == sorted(there)
