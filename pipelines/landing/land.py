"""Landing: every new file of every source becomes one immutable batch, or is refused as a whole.

This module defines the order of the steps for a run. land_files.py has the steps for a file, and outdated.py finds the
landed files for which the mapping has changed.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path

import duckdb

from pipelines.base.database import connect
from pipelines.config.home import Home
from pipelines.landing.ahead import Ahead, staging_ahead
from pipelines.landing.batches import Store
from pipelines.landing.check import check_something_landed
from pipelines.landing.formats import contradictions
from pipelines.landing.inbox import Found, SourceFiles, find
from pipelines.landing.inbox_snapshot import write_snapshot
from pipelines.landing.index import update_index
from pipelines.landing.land_files import Landing
from pipelines.landing.landing_state import Known
from pipelines.landing.make_batch import BatchMaker, Erase
from pipelines.landing.open_marks import left_open
from pipelines.landing.outdated import Versions, read_landed
from pipelines.landing.outdated_files import outdated_files
from pipelines.landing.packs import update_packs
from pipelines.landing.prepare import prepare
from pipelines.landing.report import FileOutcome, LandingReport, Outcome, Progress, RefusedFiles
from pipelines.landing.shifted_dates import shifted_date_warnings

_log = logging.getLogger("loyalty.landing")


def land(
    home: Path,
    sources: Sequence[SourceFiles],
    *,
    today: date,
    progress: Progress | None = None,
    erase: Erase | None = None,
    originals: Path | None = None,
) -> LandingReport:
    """Land every new file, and land again the files that were landed with an older version of the mapping.

    Args:
        home: The home folder; batches go to `<home>/landing`.
        sources: The sources, each with its mapping and folder.
        today: The business day of landing. Later times count as "in the future".
        progress: Called after each file.
        erase: Called with each batch before it is committed, if anybody has been erased.
        originals: A folder with files that have landed and are no longer in the inbox, under any names. They are used
            only to land these files again. They do not count as deliveries.

    Returns:
        The outcome of each file.

    Raises:
        RefusedFiles: A file was refused. The other files have landed; see the error's `report`.
        InputError: A source's folder does not exist, or there is no file and nothing has ever landed.
    """
    begun = time.monotonic()
    found = [file for source in sources for file in find(source)]
    store = Store(home / "landing")
    if orphans := prepare(store):
        _log.warning("removed %d incomplete batch folders of a killed run", orphans)
    try:
        if not found:
            check_something_landed(home, sources)
        with connect(spill=store.scratch / "spill") as connection, _ahead(store, connection, erase) as ahead:
            maker = BatchMaker(store, connection, erase)
            landing = Landing(store, maker, today, ahead)
            files: list[FileOutcome] = []
            redeclared_files = 0
            for level in range(1 + max(_levels(sources), default=0)):  # files that others look up land first
                versions = Versions(sources, maker.make_lookups() if level else {})
                landing.reach(level, versions, Known(read_landed(home), versions))
                redeclared_files += landing.redeclare()
                for outcome in landing.land_all([file for file in found if _level(file) == level]):
                    files.append(outcome)
                    if progress is not None:
                        progress(files[-1], len(files), len(found))
                files += landing.land_rest(originals)
            write_snapshot(Home(home), landing.read_states)
    finally:
        store.close()
        update_index(store.root)
        update_packs(store.root)
    outdated = outdated_files(read_landed(home), sources) if landing.is_outdated else {}
    mappings = [source.mapping for source in sources]
    warnings = [text for one in mappings for text in (*contradictions(one), *left_open(one))]
    warnings += [
        *landing.warnings,
        *shifted_date_warnings(landing.shifted_dates),
        *(message for one in outdated.values() for message in one.obstacles()),
    ]
    left = sum(one.files for one in outdated.values())
    seconds = time.monotonic() - begun
    report = LandingReport(tuple(files), tuple(warnings), orphans, seconds, redeclared_files, left)
    if report.of(Outcome.REFUSED):
        raise RefusedFiles(report)
    return report


def _levels(sources: Sequence[SourceFiles]) -> list[int]:
    return [source.mapping.level(group) for source in sources for group in source.mapping.files]


def _level(file: Found) -> int:
    return file.source.mapping.level(file.group) if file.group is not None else 0


def _ahead(
    store: Store, connection: duckdb.DuckDBPyConnection, erase: Erase | None
) -> AbstractContextManager[Ahead | None]:
    """Staging ahead, unless people have been erased: their rows are removed by one connection at a time."""
    return staging_ahead(store, connection) if erase is None else nullcontext()
