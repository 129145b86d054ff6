"""Publishes a version: build it in a temporary folder, audit it, rename it, move the pointer.

Only this module defines the order of these steps. Readers always see the old version or the new one, even if this is
killed: a version gets its name only after all its files are on disk, and the pointer moves last, in one step.
"""

import logging
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from pydantic import JsonValue

from pipelines.base import quoting
from pipelines.base.durable import sync_file
from pipelines.base.errors import PublicationError
from pipelines.publication.audit import audit
from pipelines.publication.changes import MakeChanges, write_changes
from pipelines.publication.files import locked, make_folder, sync_tree, write_text
from pipelines.publication.model import (
    MANIFEST,
    SCHEMA_VERSION,
    MakeReport,
    Manifest,
    MartTable,
    PublishedFile,
    PublishedTable,
    Reporting,
    Retention,
    Version,
)
from pipelines.publication.pin import pinned_id
from pipelines.publication.restatement import RESTATEMENT, earlier_version, restate
from pipelines.publication.retention import BUILDING, clean_leftovers, prune_locked
from pipelines.publication.unfinished import begin, choose_current, end, finish_locked
from pipelines.publication.versions import VERSIONS, list_versions, move_pointer
from pipelines.publication.writer import (
    Progress,
    attach_warehouse,
    check_tables,
    describe,
    marts_in,
    with_report,
    write_database,
    write_marts,
)

_log = logging.getLogger("loyalty.publication")


def publish(
    warehouse: Path,
    published: Path,
    *,
    as_of: date,
    run_id: str,
    tables: Sequence[MartTable],
    schema: str = "marts",
    documents: Mapping[str, Path] | None = None,
    origin: str = "",
    warnings: Sequence[str] = (),
    reporting: Reporting | None = None,
    inputs: Mapping[str, JsonValue] | None = None,
    versions: Mapping[str, str] | None = None,
    retention: Retention | None = None,
    report: MakeReport | None = None,
    changes: MakeChanges | None = None,
    progress: Progress | None = None,
) -> Version:
    """Publish the marts of a warehouse as a new version.

    The pointer moves to it unless the current version is pinned or has a later as-of day. So a backfilled day becomes a
    separate version that is not current.

    Args:
        warehouse: The DuckDB file. It is opened read-only, and closed on return.
        published: The folder of versions. It is created if it is missing.
        as_of: The as-of day of the marts.
        run_id: The run that built them. Its first letters and digits become part of the version's id.
        tables: The marts, each with its key. Other tables of the schema (of removed models) are not published.
        schema: The schema of the marts.
        documents: Files to publish with the marts, by their path below the version's folder (`quality/marts.html`).
        origin: What started the build, and the kind of the build, for the manifest.
        warnings: The warnings of the run, for the manifest.
        reporting: The currency and the time zone of the marts, for the manifest, comments and Parquet metadata.
        inputs: The inputs of the build as JSON, for the manifest.
        versions: The versions of the code and its locks, for the manifest.
        retention: Which versions to remove afterwards; None removes nothing.
        report: Makes the report; without it the version has none.
        changes: Compares the version with the one that was current; None writes no page of what changed.
        progress: Called with (table, number done, number of all) after each mart.

    Returns:
        The new version. `is_current` says whether the pointer moved.

    Raises:
        PublicationError: The version could not be written or the audit failed. The pointer has not moved.
    """
    make_folder(published / VERSIONS)
    with locked(published):
        before = list_versions(published)
        version_id = _new_id(as_of, run_id, published / VERSIONS)
        building = published / VERSIONS / f"{BUILDING}{secrets.token_hex(4)}"
        try:
            clean_leftovers(published)
            finish_locked(published, changes)
            make_folder(building)
            written, database = _write(
                warehouse,
                building,
                tables,
                schema,
                reporting=reporting,
                progress=progress,
            )
            earlier = earlier_version(before, as_of)
            corrected = restate(version_id, building, written, dict(versions or {}), earlier)
            write_text(building / RESTATEMENT, corrected.to_text())
            manifest = Manifest(
                schema_version=SCHEMA_VERSION,
                version=version_id,
                sequence=1 + max((version.sequence for version in before), default=0),
                as_of=as_of,
                run_id=run_id,
                published_at=datetime.now(UTC),
                origin=origin,
                warnings=tuple(warnings),
                reporting=reporting,
                inputs=dict(inputs or {}),
                versions=dict(versions or {}),
                tables=written,
                database=database,
                documents=(*_copy(documents or {}, building), describe(building / RESTATEMENT, building)),
            )
            if report is not None:
                manifest = with_report(building, manifest, report)
            write_text(building / MANIFEST, manifest.to_text())
            sync_tree(building)
            audit(building)
            begin(published, version_id)
            final = building.rename(published / VERSIONS / version_id)
        except (duckdb.Error, OSError) as error:
            raise PublicationError(
                f"the version {version_id} could not be written: {error}",
                hint=f"Check the free space and the permissions in {published}, and run again. The versions that were"
                " published before are unchanged.",
            ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
        sync_file(final.parent)
        current = choose_current(version_id, list_versions(published), is_pinned=pinned_id(published) is not None)
        if current is not None:
            move_pointer(published, current)
        fresh = next(version for version in list_versions(published) if version.id == version_id)
        if changes is not None:
            write_changes(published, fresh, earlier or "", changes)
        end(published)
        if retention is not None:
            _prune(published, retention)
        return fresh


def _write(
    warehouse: Path,
    folder: Path,
    tables: Sequence[MartTable],
    schema: str,
    *,
    reporting: Reporting | None,
    progress: Progress | None,
) -> tuple[tuple[PublishedTable, ...], PublishedFile]:
    spill = folder / ".spill"
    catalog = warehouse.stem
    with attach_warehouse(warehouse, spill=spill) as connection:
        found = marts_in(connection, catalog, schema)
        check_tables(tables, found, schema)
        if unnamed := sorted(found.keys() - {table.name for table in tables}):
            _log.warning("these tables are not published, because they belong to no model: %s", ", ".join(unnamed))
        source = f"{quoting.name(catalog)}.{quoting.name(schema)}"
        written = write_marts(connection, source, found, tables, folder, progress, reporting)
        database = write_database(connection, written, folder, reporting)
    shutil.rmtree(spill, ignore_errors=True)
    return written, database


def _copy(documents: Mapping[str, Path], folder: Path) -> tuple[PublishedFile, ...]:
    copied = []
    for name, origin in sorted(documents.items()):
        make_folder((folder / name).parent)
        copied.append(describe(Path(shutil.copyfile(origin, folder / name)), folder))
    return tuple(copied)


def _new_id(as_of: date, run_id: str, folder: Path) -> str:
    short = re.sub(r"[^A-Za-z0-9]", "", run_id)[:8] or "run"
    stem = f"{as_of.isoformat()}_{short}"
    tries = (stem if n == 1 else f"{stem}-{n}" for n in range(1, 10_000))
    return next(name for name in tries if not (folder / name).exists())


def _prune(published: Path, retention: Retention) -> None:
    try:
        prune_locked(published, retention, datetime.now(UTC))
    except OSError as error:
        _log.warning("the version is published, but older ones could not be removed: %s", error)
