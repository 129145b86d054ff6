"""Erases customers from the kept versions: each one is rewritten without them, and the old one is removed at once.

A version is immutable, so its replacement has a new id. The replacement keeps the sequence, and so its order among the
versions of its day. The grace period for readers does not apply here. The caller (privacy) names the customers.
"""

import itertools
import logging
import secrets
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import sync_file
from pipelines.base.errors import PublicationError
from pipelines.publication.audit import audit
from pipelines.publication.changes import MakeChanges, pairs, remove_changes, write_changes_again
from pipelines.publication.files import locked, make_folder, sync_tree, write_text
from pipelines.publication.model import (
    DATABASE,
    FORMAT,
    MANIFEST,
    REPORT,
    REWRITTEN_FROM,
    SCHEMA_VERSION,
    MakeReport,
    Manifest,
    MartTable,
    PublishedTable,
    Version,
)
from pipelines.publication.retention import BUILDING, clean_leftovers, remove_version
from pipelines.publication.unfinished import finish_locked
from pipelines.publication.versions import VERSIONS, list_versions, move_pointer
from pipelines.publication.writer import marts_in, open_writer, with_report, write_database, write_marts

# Facts with amounts keep the row without its customer. From every other mart the rows of the customer are removed.
KEPT_AS_NOBODYS = frozenset({"fct_order", "fct_order_line", "fct_return"})
_log = logging.getLogger("loyalty.publication")


@dataclass(frozen=True)
class ErasedVersion:
    """The result for one version.

    Attributes:
        id: The old version.
        became: The version that replaces it; None if the old one could not be read and was removed.
        rows: The number of rows that were removed or lost their customer, by mart.
    """

    id: str
    became: str | None
    rows: dict[str, int]


def erase_customers(
    published: Path,
    customer_keys: Collection[str],
    *,
    found: Callable[[ErasedVersion], object] | None = None,
    done: Callable[[str], object] | None = None,
    report: MakeReport | None = None,
    changes: MakeChanges | None = None,
) -> tuple[ErasedVersion, ...]:
    """Rewrite every kept version with rows of the customers. Versions without such rows stay unchanged.

    This can be killed at any moment and called again: readers see the old version or the new one.

    Args:
        published: The folder of versions; it need not exist.
        customer_keys: The customers' pseudonyms.
        found: Called with the result for each version, before the version is removed.
        done: Called with the id of each version that has been replaced.
        report: Makes the report of each replacement whose old version has one of this schema.
        changes: Compares versions again of which one was replaced; without it their pages of changes stay removed.

    Raises:
        PublicationError: A version could not be rewritten. The old version still exists.
    """
    if not (published / VERSIONS).is_dir() or not customer_keys:
        return ()
    erased = []
    with locked(published):
        clean_leftovers(published)
        finish_locked(published, changes)
        compared = pairs(published)
        for version in reversed(list_versions(published)):
            if version.manifest is None:
                # an unreadable version may have rows of the customers
                erased.append(ErasedVersion(version.id, None, {}))
            elif rows := rows_of(version.path, version.manifest, customer_keys):
                fresh = _replacement(published, version.id) or _rewrite(
                    published, version.manifest, customer_keys, report
                )
                erased.append(ErasedVersion(version.id, fresh, rows))
                if version.is_current:
                    move_pointer(published, fresh)
            else:
                continue
            if version.is_current and version.manifest is None:
                _point_elsewhere(published, version)
            if found is not None:
                found(erased[-1])
            remove_version(version)
            if done is not None:
                done(version.id)
        became = {one.id: one.became for one in erased}
        for name, other in compared.items():
            if name in became or other in became:
                remove_changes(published, name)
        if changes is not None:
            write_changes_again(published, compared, became, changes)
    return tuple(erased)


def rows_of(folder: Path, manifest: Manifest, customer_keys: Collection[str]) -> dict[str, int]:
    """The number of rows of some customers in a version, by mart."""
    with connect() as connection:
        counts = {
            table.name: _count(connection, f"{_parts(folder, table)} where {theirs}")
            for table in manifest.tables
            if (theirs := _theirs(table, customer_keys))
        }
    return {name: count for name, count in counts.items() if count}


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    ((count,),) = connection.execute(f"select count(*) from {rows}").fetchall()  # noqa: S608 (names are quoted)
    return int(count)


def _next_id(version_id: str, folder: Path) -> str:
    """The version's id with a higher number at its end, which no version has had before."""
    day, _, rest = version_id.partition("_")
    run, _, number = rest.partition("-")
    first = int(number) + 1 if number.isdigit() else 2
    tries = (f"{day}_{run}-{n}" for n in itertools.count(first))
    return next(name for name in tries if not (folder / name).exists())


def _rewrite(published: Path, before: Manifest, customer_keys: Collection[str], report: MakeReport | None) -> str:
    """Write the replacement of a version beside it, and return the new id."""
    folder, old = published / VERSIONS, published / VERSIONS / before.version
    building = folder / f"{BUILDING}{secrets.token_hex(4)}"
    fresh = _next_id(before.version, folder)
    try:
        make_folder(building)
        for path in sorted(old.iterdir()):
            # other files have no rows of customers and are copied; the report counts them and is made again
            if path.name not in ("marts", DATABASE, MANIFEST, Path(REPORT).parent.name):
                (shutil.copytree if path.is_dir() else shutil.copyfile)(path, building / path.name)
        with open_writer(building / ".spill") as connection:
            for table in before.tables:
                connection.execute(f"create view {quoting.name(table.name)} as {_without(old, table, customer_keys)}")
            tables = [
                MartTable(
                    table.name,
                    table.key,
                    table.description,
                    {c.name: c.description for c in table.columns},
                    table.references,
                )
                for table in before.tables
            ]
            written = write_marts(
                connection,
                "memory.main",
                marts_in(connection, "memory", "main"),
                tables,
                building,
                None,
                before.reporting,
            )
            database = write_database(connection, written, building, before.reporting)
        shutil.rmtree(building / ".spill", ignore_errors=True)
        manifest = before.model_copy(
            update={
                "format": FORMAT,
                "version": fresh,
                "inputs": {**before.inputs, REWRITTEN_FROM: before.version},
                "tables": written,
                "database": database,
            }
        )
        manifest = _with_report_again(building, before, manifest, report)
        write_text(building / MANIFEST, manifest.to_text())
        sync_tree(building)
        audit(building)
        building.rename(folder / fresh)
    except (duckdb.Error, OSError) as error:
        raise PublicationError(
            f"the version {before.version} could not be rewritten: {type(error).__name__}",
            hint=f"Check the free space and the permissions in {published}, and run the same command again.",
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    sync_file(folder)
    _log.info("version %s was rewritten as %s", before.version, fresh)
    return fresh


def _with_report_again(building: Path, before: Manifest, manifest: Manifest, report: MakeReport | None) -> Manifest:
    """Make the report again from the remaining rows, if there was one; a report of an earlier schema is left out."""
    if all(file.path != REPORT for file in before.documents):
        return manifest
    if report is not None and before.schema_version == SCHEMA_VERSION:
        return with_report(building, manifest, report)
    kept = tuple(file for file in before.documents if file.path != REPORT)
    return manifest.model_copy(update={"documents": kept})


def _replacement(published: Path, version_id: str) -> str | None:
    """The replacement of a version that a killed erasure has already written, if there is one."""
    written = (version for version in list_versions(published) if version.manifest)
    return next((one.id for one in written if one.manifest and one.manifest.rewritten_from == version_id), None)


def _point_elsewhere(published: Path, broken: Version) -> None:
    whole = next((version.id for version in list_versions(published) if version.manifest), None)
    if whole is not None:
        move_pointer(published, whole)
    else:
        _log.warning("version %s was removed, and no other version can be read", broken.id)


def _without(folder: Path, table: PublishedTable, customer_keys: Collection[str]) -> str:
    theirs = _theirs(table, customer_keys)
    if not theirs:
        return f"select * from {_parts(folder, table)}"  # noqa: S608 (names are quoted)
    if table.name not in KEPT_AS_NOBODYS or {*table.key} & {*_customer_columns(table)}:
        return f"select * from {_parts(folder, table)} where not {theirs}"  # noqa: S608 (names are quoted)
    emptied = ", ".join(
        f"case when {theirs} then null else {quoting.name(name)} end as {quoting.name(name)}"
        for name in _customer_columns(table)
    )
    return f"select * replace ({emptied}) from {_parts(folder, table)}"  # noqa: S608 (names are quoted)


def _theirs(table: PublishedTable, customer_keys: Collection[str]) -> str:
    """SQL that checks whether a row is about one of the customers; empty if the mart has no customer column."""
    keys = ", ".join(quoting.text(key) for key in sorted(customer_keys))
    terms = [f"coalesce({quoting.name(name)} in ({keys}), false)" for name in _customer_columns(table)]
    return f"({' or '.join(terms)})" if terms else ""


def _customer_columns(table: PublishedTable) -> Sequence[str]:
    return [column.name for column in table.columns if column.name.endswith("customer_key")]


def _parts(folder: Path, table: PublishedTable) -> str:
    parts = ", ".join(quoting.files(folder / file.path) for file in table.files)
    return f"read_parquet([{parts}], hive_partitioning = false)"
