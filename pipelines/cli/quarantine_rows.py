"""Questions to the quarantine for the command line: counts by reason, rows by place.

Asked of the warehouse read-only. A row's key and raw text may be personal: whoever asks for rows says whether they are
to be in the answer.
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
from pipelines.landing import read_ledger, read_mapping

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.quality import DataIssue, QuarantineRule

PLACE = ("source", "entity", "rules", "file", "file_on", "line", "is_resolved")
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
    order by source, file_on, file_name, line, entity, row_key, broken_rules
"""


@dataclass(frozen=True)
class Wanted:
    """Which rows; None for any.

    Attributes:
        rule: A code that the row breaks, maybe among others.
        entity: Of this entity.
        source: Of this source.
        file: Of this file, by its name below the source's folder.
        resolved_too: Whether rows that have been mended since are wanted too.
    """

    rule: str | None = None
    entity: str | None = None
    source: str | None = None
    file: str | None = None
    resolved_too: bool = True


def catalogue() -> "dict[str, QuarantineRule]":
    """Every rule by its code."""
    # imported late: what gates need takes a second
    from pipelines.quality import read_rules

    return read_rules(project_root() / "dbt_project" / "seeds" / "quarantine_rules.csv")


def by_reason(settings: Settings) -> list[dict[str, object]]:
    """Rows quarantined by rule, entity and source, open ones first, with what each rule means and what to do about it.

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
    """What may make a number of the last daily build wrong."""
    from pipelines.quality import read_data_issues

    with _opened(settings) as connection:
        return read_data_issues(connection, "marts")


@contextmanager
def rows(
    settings: Settings, wanted: Wanted, columns: tuple[str, ...], limit: int | None = None
) -> Iterator[Iterator[list[tuple[object, ...]]]]:
    """Refused rows, in the order of where they stand, some at a time.

    Args:
        settings: The settings in force.
        wanted: Which rows.
        columns: Of PLACE and PERSONAL, `sha256` or `batch`.
        limit: At most so many; None for all.

    Raises:
        ConfigError: There is no such rule, entity or source.
        BuildError: Nothing is staged.
        LockError: A run holds the warehouse.
    """
    _check(settings, wanted)
    selected = ", ".join(f"{_COLUMNS.get(name, name)} as {name}" for name in columns)
    query = f"select {selected} from staging.stg_quarantine {_WANTED}"  # noqa: S608 (fixed names)
    asked = {
        "rule": wanted.rule,
        "entity": wanted.entity,
        "source": wanted.source,
        "file": wanted.file,
        "resolved_too": wanted.resolved_too,
    }
    with _opened(settings) as connection:
        if limit is not None:
            query += f" limit {limit:d}"
        yield map(_tuples, connection.sql(query, params=asked).to_arrow_reader(_BATCH_ROWS) or ())


def _check(settings: Settings, wanted: Wanted) -> None:
    """Refuse what nothing can be found by."""
    if wanted.rule is not None and wanted.rule not in catalogue():
        raise ConfigError(f"there is no rule {wanted.rule!r}", hint="see them all: loyalty quarantine rules")
    if wanted.entity is not None:
        _is_one_of("entity", wanted.entity, [*ENTITIES, UNREADABLE])
    if wanted.source is not None:
        landed = read_ledger(settings.home).column("source").to_pylist()
        _is_one_of("source", wanted.source, sorted({*landed, *_configured(settings)}))


def _is_one_of(what: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = did_you_mean(name, known, f"there are: {', '.join(known)}")
        raise ConfigError(f"there is no {what} {name!r}{near}", hint="see what there is: loyalty quarantine list")


def _configured(settings: Settings) -> Iterator[str]:
    for source in settings.sources:
        with suppress(ConfigError):  # `loyalty check` says why
            yield read_mapping(source.mapping).source


def has_landed(settings: Settings, file: str) -> bool:
    """Whether a file of this name has ever landed, of any source."""
    return file in read_ledger(settings.home).column("file_name").to_pylist()


def _tuples(batch: "pa.RecordBatch") -> list[tuple[object, ...]]:
    return list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


@contextmanager
def _opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only, within the memory that the settings allow."""
    warehouse = settings.paths.warehouse
    if not warehouse.exists():
        raise BuildError("nothing is staged yet", hint="run first: loyalty run")
    try:
        with open_to_read(warehouse) as connection:
            yield connection
    except (duckdb.CatalogException, duckdb.BinderException) as problem:
        raise BuildError("staging is not built yet", hint="run first: loyalty run") from problem
