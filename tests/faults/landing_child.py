"""A program that lands an inbox, to be killed while it does. No test stands here.

landing_child.py HOME INBOX MAPPING
"""

import sys
from datetime import date
from pathlib import Path

from pipelines.landing import LandingReport, SourceFiles, land, load_mapping

TODAY = date(2024, 5, 31)


def land_all(home: Path, inbox: Path, mapping: Path) -> LandingReport:
    """Land what has not landed; a first line says that it begins."""
    sys.stdout.write("landing\n")
    sys.stdout.flush()
    return land(home, [SourceFiles(load_mapping(mapping), inbox)], today=TODAY)


if __name__ == "__main__":
    land_all(*map(Path, sys.argv[1:]))
