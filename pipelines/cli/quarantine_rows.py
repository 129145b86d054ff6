"""Reads the quarantine for the command line: counts by reason, and single rows.

The warehouse is opened read-only. Key and raw text of a row may be personal: the caller decides whether to read them.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from pipelines.base.database import open_to_read
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import BuildError, ConfigError
from pipelines.base.spelling import did_you_mean
from pipelines.config.limits import UNREADABLE
from pipelines.config.settings import Settings, project_root

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.quality import DataIssue, QuarantineRule

PLACE = ("source", "entity", "rules", "file", "file_on", "part", "line", "is_resolved")
PERSONAL = ("row_key", "raw")
_BATCH_ROWS = 10_000
_COLUMNS = {
    "rules": "broken_rules",
    "file": "file_name",
    "sha256": "file_sha256",
}
_BY_REASON = """
    select
        trim(rule) as rule,
        entity,
        source,
        count(*) as rows,
        count(*) filter (where not is_resolved) as open,
        count(*) filter (where is_resolved) as resolved
    from staging.stg_quarantine, unnest(string_split(broken_rules, ',')) as broken (rule)
    group by all
    order by open desc, rows desc, rule, entity, source
"""
_WANTED = """
    where ($rule is null or list_contains(string_split(broken_rules, ', '), $rule))
        and ($entity is null or entity = $entity)
        and ($source is null or source = $source)
        and ($file is null or file_name = $file)
        and ($resolved_too or not is_resolved)
    order by source, file_on, file_name, record, line, entity, row_key, broken_rules
"""


@dataclass(frozen=True)
class Wanted:
    """Which rows; None for any.

    Attributes:
        rule: The code of a rule that the row breaks, possibly among others.
        entity: The entity.
        source: The source.
        file: The file, by its path below the folder of its source.
        resolved_too: Whether to include rows that a later delivery has corrected.
    """

    rule: str | None = None
    entity: str | None = None
    source: str | None = None
    file: str | None = None
    resolved_too: bool = True


def catalogue() -> "dict[str, QuarantineRule]":
    """Every rule by its code."""
    # imported late: the modules of the gates take a second to import
    from pipelines.quality import read_rules

    return read_rules(project_root() / "dbt_project" / "seeds" / "quarantine_rules.csv")


def by_reason(settings: Settings) -> list[dict[str, object]]:
    """Counts of rejected rows by rule, entity and source, with the meaning of each rule and what to do.

    A row that breaks two rules counts for both.
    """
    rules = catalogue()
    with _opened(settings) as connection:
        cursor = connection.execute(_BY_REASON)
        names = [column[0] for column in cursor.description or []]
        reasons: list[dict[str, object]] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for reason in reasons:
        rule = rules.get(str(reason["rule"]))
        reason["severity"] = rule.severity if rule else ""
        reason["meaning"] = rule.meaning if rule else ""
        reason["action"] = rule.action if rule else ""
    return reasons


def data_issues(settings: Settings) -> "list[DataIssue]":
    """The data issues of the last daily build."""
    from pipelines.quality import read_data_issues

    with _opened(settings) as connection:
        return read_data_issues(connection, "marts")


@contextmanager
def rows(
    settings: Settings, wanted: Wanted, columns: tuple[str, ...], limit: int | None = None
) -> Iterator[Iterator[list[tuple[object, ...]]]]:
    """Rejected rows, ordered by source, file and line, in batches.

    Args:
        settings: The settings in force.
        wanted: Which rows.
        columns: Names from PLACE and PERSONAL, `sha256` or `batch`.
        limit: The largest number of rows; None for all.

    Raises:
        ConfigError: There is no such rule, entity or source.
        BuildError: Nothing is staged.
        LockError: A run has the warehouse open.
    """
    _check(settings, wanted)
    selected = ", ".join(f"{_COLUMNS.get(name, name)} as {name}" for name in columns)
    query = f"select {selected} from staging.stg_quarantine {_WANTED}"  # noqa: S608 (fixed names)
    parameters = {
        "rule": wanted.rule,
        "entity": wanted.entity,
        "source": wanted.source,
        "file": wanted.file,
        "resolved_too": wanted.resolved_too,
    }
    with _opened(settings) as connection:
        if limit is not None:
            query += f" limit {limit:d}"
        yield map(_tuples, connection.sql(query, params=parameters).to_arrow_reader(_BATCH_ROWS) or ())


def _check(settings: Settings, wanted: Wanted) -> None:
    """Reject a rule, entity or source that does not exist."""
    from pipelines.landing import read_ledger

    if wanted.rule is not None and wanted.rule not in catalogue():
        raise ConfigError(f"there is no rule {wanted.rule!r}", hint="list all rules: loyalty quarantine rules")
    if wanted.entity is not None:
        _is_one_of("entity", wanted.entity, [*ENTITIES, UNREADABLE])
    if wanted.source is not None:
        landed = read_ledger(settings.home).column("source").to_pylist()
        _is_one_of("source", wanted.source, sorted({*landed, *_configured(settings)}))


def _is_one_of(what: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = did_you_mean(name, known, f"existing names: {', '.join(known)}")
        raise ConfigError(
            f"there is no {what} {name!r}{near}",
            hint="list the rejected rows by entity and source: loyalty quarantine list",
        )


def _configured(settings: Settings) -> Iterator[str]:
    from pipelines.landing import read_mapping

    for source in settings.sources:
        with suppress(ConfigError):  # `loyalty check` reports it
            yield read_mapping(source.mapping).source


def has_landed(settings: Settings, file: str) -> bool:
    """Whether a file of this name has ever landed, from any source."""
    from pipelines.landing import read_ledger

    return file in read_ledger(settings.home).column("file_name").to_pylist()


def _tuples(batch: "pa.RecordBatch") -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


@contextmanager
def _opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only."""
    warehouse = settings.paths.warehouse
    if not warehouse.exists():
        raise BuildError("there is no warehouse yet, so there is no quarantine", hint="run first: loyalty run")
    try:
        with open_to_read(warehouse) as connection:
            yield connection
    except (duckdb.CatalogException, duckdb.BinderException) as problem:
        raise BuildError(
            "the tables of staging are not built yet, so there is no quarantine", hint="run first: loyalty run"
        ) from problem
