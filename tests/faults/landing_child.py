"""A program that lands an inbox, to be killed while it does. No test stands here.

landing_child.py HOME INBOX MAPPING
landing_child.py BASE INBOX MAPPING FOLDER

The second form is killed by itself, at every moment in turn: each try works on a copy of BASE, FOLDER/<moment>, and is
killed just before its file operation of that number (a rename or a removal), until a try has no further one and ends.
"""

import os
import shutil
import signal
import sys
from datetime import date
from itertools import count
from pathlib import Path

from pipelines.landing import FileOutcome, LandingReport, SourceFiles, land, load_mapping

TODAY = date(2024, 5, 31)
OPERATIONS = ("os.rename", "os.remove", "os.rmdir")


def land_all(home: Path, inbox: Path, mapping: Path) -> LandingReport:
    """Land what has not landed; every file that is done gets a line."""

    def tell(file: FileOutcome, done: int, total: int) -> None:
        sys.stdout.write(f"{done} of {total}: {file.file_name}\n")
        sys.stdout.flush()

    return land(home, [SourceFiles(load_mapping(mapping), inbox)], today=TODAY, progress=tell)


def land_at_each_moment(base: Path, inbox: Path, mapping: Path, folder: Path) -> None:
    """Land copies of a home, each killed one operation later than the one before."""
    land_all(folder.with_name("warm"), inbox, mapping)  # a child starts with what this imports
    for moment in count(1):
        home = folder / f"{moment:04}"
        shutil.copytree(base, home)
        child = os.fork()
        if not child:
            _kill_before(moment)
            land_all(home, inbox, mapping)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))


def _kill_before(moment: int) -> None:
    operations = count(1)

    def watch(event: str, _: tuple[object, ...]) -> None:
        if event in OPERATIONS and next(operations) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:]]
    (land_all if len(paths) == 3 else land_at_each_moment)(*paths)
