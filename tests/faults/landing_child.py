"""A program that lands an inbox, to be killed while it does. No test stands here.

landing_child.py HOME INBOX MAPPING
"""

import sys
from datetime import date
from pathlib import Path

from pipelines.landing import FileOutcome, LandingReport, SourceFiles, land, load_mapping

TODAY = date(2024, 5, 31)


def land_all(home: Path, inbox: Path, mapping: Path) -> LandingReport:
    """Land what has not landed; every file that is done gets a line."""

    def tell(file: FileOutcome, done: int, total: int) -> None:
        sys.stdout.write(f"{done} of {total}: {file.file_name}\n")
        sys.stdout.flush()

    return land(home, [SourceFiles(load_mapping(mapping), inbox)], today=TODAY, progress=tell)


if __name__ == "__main__":
    land_all(*map(Path, sys.argv[1:]))
