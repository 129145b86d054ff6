"""The past figures that a version corrected: `restatement.json`, one file in the folder of each version.

It compares the figures of a new version with those of an earlier one: customers per month end, and orders, returns,
answers and NPS per month. It is not a mart, because it depends on which versions were published. It holds counts and
sums, no keys of customers. `restatement_sql` has the queries; publishing decides when the file is written.
"""

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.errors import PublicationError
from pipelines.publication.model import Manifest, PublishedTable, Version
from pipelines.publication.restatement_sql import (
    CHANGED_ROWS,
    CUSTOMER_CHANGES,
    FACTS,
    GONE_CUSTOMERS,
    HISTORY,
    MONTHLY,
    SETTINGS,
    SPAN,
    changed_facts,
    figure,
)

RESTATEMENT = "restatement.json"
_SPILL = ".spill"
_BUILD = "build"  # in a manifest's `versions`: the hash of code and settings


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Change(_Part):
    """One figure of the past that differs.

    Attributes:
        figure: What is counted or summed: customers, orders, revenue_amount, returned_amount, nps and so on.
        month_end_on: The month end, or the last day of the month.
        group_by: The column that groups customers, such as level; empty if the figure is of all customers.
        group: The value of this column, such as loyal.
        old: The figure in the earlier version; None if it has none.
        new: The figure in this version.
        n_customers: How many customers are behind the difference; None if it is not known. Two customers who changed
            places are 2, although the figure stays the same.
    """

    figure: str
    month_end_on: date
    group_by: str = ""
    group: str = ""
    old: int | Decimal | None
    new: int | Decimal | None
    n_customers: int | None


class Reason(_Part):
    """What differs between the versions and can explain the changes.

    Attributes:
        reason: late_rows (facts of the past that only one of the versions has, or with another day or amount),
            settings, program, merge (customers who are now part of another one), customers_removed, or erasure (the
            earlier version was rewritten without some people, but its sums still counted them).
        detail: What it is about: a mart, settings, or parts of the program.
        n_rows: How many rows or customers; None if the reason is not about them.
    """

    reason: str
    detail: tuple[str, ...] = ()
    n_rows: int | None = None


class Restatement(_Part):
    """The content of restatement.json.

    Attributes:
        version: The version that has the new figures.
        compared_with: The version that has the old figures; None if there is no earlier version to compare with.
        not_compared: Figures that one of the versions does not have, or why nothing could be compared.
        reasons: Empty if nothing changed.
        changes: The figures that differ, by figure, month and group.
    """

    format: int = 1
    version: str
    compared_with: str | None
    not_compared: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    changes: tuple[Change, ...] = ()

    def to_text(self) -> str:
        """The file. Equal content gives equal bytes; amounts are texts, so that no digit is lost."""
        return self.model_dump_json(indent=1) + "\n"


def read_restatement(version: Version) -> Restatement | None:
    """What a version corrected; None if it has no such file, because an earlier program published it."""
    try:
        return Restatement.model_validate_json((version.path / RESTATEMENT).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise PublicationError(
            f"{version.path / RESTATEMENT} cannot be read: {type(error).__name__}",
            hint="Choose another version (`loyalty versions`), or publish a new one with `loyalty run`.",
        ) from error


def n_restated(version: Version) -> int | None:
    """How many past figures a version corrected; None if that is not known."""
    try:
        found = read_restatement(version)
    except PublicationError:
        return None
    return len(found.changes) if found else None


def earlier_version(versions: Sequence[Version], as_of: date) -> Version | None:
    """The version to compare a new one of `as_of` with: what readers see, if it is not of a later day.

    For a backfilled day it is the newest version of the latest day on or before it. A version of a later day knows
    things that nobody knew on this day, so it is not compared.

    Args:
        versions: From `list_versions`, so newest first.
        as_of: The as-of day of the new version.
    """
    known = [version for version in versions if version.manifest and version.as_of <= as_of]
    return next((version for version in known if version.is_current), known[0] if known else None)


def restate(
    version_id: str, folder: Path, tables: Sequence[PublishedTable], versions: Mapping[str, str], before: Version | None
) -> Restatement:
    """Compare the tables of a new version with an earlier one.

    Args:
        version_id: The id of the new version.
        folder: Where its files are.
        tables: Its tables.
        versions: The versions of its code, as in the manifest.
        before: The earlier version; None if there is none.
    """
    if before is None or before.manifest is None:
        return Restatement(version=version_id, compared_with=None)
    with connect(spill=folder / _SPILL) as connection:
        try:
            known = _views(connection, "new", folder, tables) & _views(
                connection, "old", before.path, before.manifest.tables
            )
            return _compared(connection, version_id, before.manifest, versions, known)
        except duckdb.Error as error:
            # the new version is complete; an earlier one that cannot be read must not stop it
            problem = f"{before.id} cannot be read: {type(error).__name__}"
            return Restatement(version=version_id, compared_with=before.id, not_compared=(problem,))
        finally:
            shutil.rmtree(folder / _SPILL, ignore_errors=True)


def _views(
    connection: duckdb.DuckDBPyConnection, side: str, folder: Path, tables: Sequence[PublishedTable]
) -> set[tuple[str, str]]:
    """Create the views `<side>.<mart>`; returns every mart with each of its columns."""
    connection.execute(f"create schema {side}")
    for table in tables:
        parts = ", ".join(quoting.files(folder / file.path) for file in table.files)
        connection.execute(
            f"create view {side}.{quoting.name(table.name)} as"  # noqa: S608 (names are quoted)
            f" select * from read_parquet([{parts}], hive_partitioning = false)"
        )
    return {(table.name, column.name) for table in tables for column in table.columns}


def _compared(
    connection: duckdb.DuckDBPyConnection,
    version_id: str,
    before: Manifest,
    versions: Mapping[str, str],
    known: set[tuple[str, str]],
) -> Restatement:
    def have(mart: str, *columns: str) -> bool:
        if all((mart, column) in known for column in columns):
            return True
        missing.append(mart)
        return False

    missing: list[str] = []
    changes: list[Change] = []
    late: list[Reason] = []
    connection.execute(SPAN, {"day": before.as_of})
    if have("customer_loyalty_history", "customer_key", "valid_from_on", "valid_to_on", *HISTORY) and have(
        "rpt_setting", "setting", "value"
    ):
        changes += _changes(connection, CUSTOMER_CHANGES)
    for fact in FACTS:
        if have(fact.mart, *fact.columns):
            connection.execute(changed_facts(fact))
            changes += _changes(connection, figure(fact.count, "count"))
            if fact.total:
                changes += _changes(connection, figure(fact.total, "total"))
            ((n_rows,),) = connection.execute(CHANGED_ROWS).fetchall()
            if n_rows:
                late.append(Reason(reason="late_rows", detail=(fact.mart,), n_rows=n_rows))
    for mart, (columns, query) in MONTHLY.items():
        if have(mart, *columns):
            changes += _changes(connection, query)
    return Restatement(
        version=version_id,
        compared_with=before.version,
        not_compared=tuple(sorted(set(missing))),
        reasons=(*late, *_reasons(connection, before, versions, known)) if changes else (),
        changes=tuple(sorted(changes, key=lambda one: (one.figure, one.month_end_on, one.group_by, one.group))),
    )


def _changes(connection: duckdb.DuckDBPyConnection, query: str) -> list[Change]:
    """The changes that a query returns, with the columns of `Change`."""
    found = connection.execute(query)
    names = [column[0] for column in found.description or ()]
    return [Change.model_validate(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _reasons(
    connection: duckdb.DuckDBPyConnection,
    before: Manifest,
    versions: Mapping[str, str],
    known: set[tuple[str, str]],
) -> list[Reason]:
    found = []
    if {("rpt_setting", "setting"), ("rpt_setting", "value")} <= known:
        names = tuple(name for (name,) in connection.execute(SETTINGS).fetchall())
        if names:
            found.append(Reason(reason="settings", detail=names))
    parts = tuple(
        sorted(
            name
            for name in before.versions.keys() | versions.keys()
            if name != _BUILD and before.versions.get(name) != versions.get(name)
        )
    )
    if parts:
        found.append(Reason(reason="program", detail=parts))
    if before.rewritten_from:
        found.append(Reason(reason="erasure"))
    if {("dim_customer", "customer_key"), ("identity_history", "customer_key_before")} <= known:
        ((n_merged, n_removed),) = connection.execute(GONE_CUSTOMERS).fetchall()
        for reason, number in (("merge", n_merged), ("customers_removed", n_removed)):
            if number:
                found.append(Reason(reason=reason, n_rows=number))
    return found
