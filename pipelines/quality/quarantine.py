"""Compares the share of delivered rows that is in quarantine with the limits in loyalty.yml.

Two kinds of shares are checked:

- each file that no build has used yet. A file that was accepted once must not stop every later run, so it is not
  checked again after a build has begun with it;
- each source and entity as a whole, in every run. This finds many small files, and a rule that has become stricter.

Only open rows count: rows that a corrected file has resolved are no longer missing. The results contain counts, file
names and rule codes only, no values of rows.
"""

import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from pipelines.base.errors import Finding, GateError
from pipelines.base.text import counted
from pipelines.config.limits import UNREADABLE, QuarantineSettings
from pipelines.quality.rules import QuarantineRule

LISTED = 5  # how many of the highest shares are listed one by one
TOP_RULES = 3


@dataclass(frozen=True)
class Share:
    """The open rows of one file and entity, or of all files of a source and entity.

    Attributes:
        source: The source.
        entity: The entity, or `unreadable`.
        file_name: The file, below the source's folder; empty for all files.
        batch: The file's batch; empty for all files.
        arrived_rows: Landed rows of the entity; for `unreadable`, landed records.
        open_rows: Landed rows that were rejected and are not resolved.
        rules: The rules that most open rows break, with the number of rows.
        arrived_amount: The value of the landed rows, each in its own currency; 0 for an entity without amounts.
        open_amount: The value of the open rows; an amount that cannot be read is estimated by the mean.
    """

    source: str
    entity: str
    file_name: str
    batch: str
    arrived_rows: int
    open_rows: int
    rules: tuple[tuple[str, int], ...] = ()
    arrived_amount: Decimal = Decimal(0)
    open_amount: Decimal = Decimal(0)

    @property
    def share(self) -> float:
        """Open rows divided by landed rows, 0 to 1."""
        return self.open_rows / self.arrived_rows if self.arrived_rows else 0.0

    @property
    def value_share(self) -> float:
        """The value of the open rows divided by the value of the landed rows, 0 to 1."""
        return float(self.open_amount / self.arrived_amount) if self.arrived_amount else 0.0

    def exceeds(self, rows: float, value: float) -> bool:
        """Whether the share of rows or the share of value is above its limit."""
        return self.share > rows or self.value_share > value

    @property
    def where(self) -> str:
        """The command that shows the rows."""
        of_file = f" --file {shlex.quote(self.file_name)}" if self.file_name else ""
        return f"loyalty quarantine show --source {shlex.quote(self.source)} --entity {self.entity}{of_file}"

    def summary(self, rules: dict[str, QuarantineRule]) -> str:
        """One line: which file, how many rows, which rules they break, and what the first of these rules means."""
        what = counted(self.arrived_rows, "record" if self.entity == UNREADABLE else "row")
        of_value = f", {self.value_share:.1%} of the value" if self.arrived_amount else ""
        broken = ", ".join(f"{code} {count}" for code, count in self.rules)
        most = rules.get(self.rules[0][0]) if self.rules else None
        return (
            f"{self.source} {self.entity}, {self.file_name or 'all files'}:"
            f" {self.open_rows} of {what} ({self.share:.1%}{of_value}): {broken}"
            + (f"; {most.code} means: {most.meaning}" if most else "")
        )


@dataclass(frozen=True)
class LimitCheck:
    """The shares above a limit, the highest first.

    Attributes:
        stops: Shares above a limit that stops the run.
        warnings: Other shares above a limit that causes a warning.
        checked: How many shares were compared with the limits.
    """

    stops: tuple[Share, ...]
    warnings: tuple[Share, ...]
    checked: int

    def check(self, rules: dict[str, QuarantineRule]) -> None:
        """Stop the run if a share is above its limit.

        Raises:
            GateError: Too many rows are in quarantine. The message names files, shares, rules and how to see the rows.
        """
        if not self.stops:
            return
        raise GateError(
            "too many rows are in quarantine, so the marts would miss too many rows; files or entities above"
            f" stop_share or stop_value_share: {len(self.stops)}\n{list_worst(self.stops, rules)}",
            hint=f"See the rows: {self.stops[0].where}\nDeliver a corrected file, remove the file from the inbox, or"
            " raise the limit in loyalty.yml (see docs/quarantine.md). Then run again. The published version has not"
            " changed.",
            findings=tuple(
                Finding(f"{stop.source} {stop.entity} in quarantine: {code}", rows)
                for stop in self.stops
                for code, rows in stop.rules
            ),
        )


def list_worst(shares: Sequence[Share], rules: dict[str, QuarantineRule]) -> str:
    """The first LISTED shares, one line each, and how many more there are."""
    lines = [f"  {share.summary(rules)}" for share in shares[:LISTED]]
    if len(shares) > LISTED:
        lines.append(f"  and {len(shares) - LISTED} more")
    return "\n".join(lines)


def check_limits(shares: Iterable[Share], limits: QuarantineSettings, used: Collection[str]) -> LimitCheck:
    """Compare shares with the limits.

    Args:
        shares: The shares of files, and of sources and entities as a whole.
        limits: The limits in force.
        used: Batches that a build has begun with; their files are not checked again one by one.
    """
    stops, warnings, checked = [], [], 0
    for share in shares:
        limit = limits.of(share.entity)
        if share.arrived_rows < limit.min_rows or share.batch in used:
            continue
        checked += 1
        if share.exceeds(limit.stop_share, limit.stop_value_share):
            stops.append(share)
        elif share.exceeds(limit.warn_share, limit.warn_value_share):
            warnings.append(share)
    return LimitCheck(_worst_first(stops), _worst_first(warnings), checked)


def _worst_first(shares: list[Share]) -> tuple[Share, ...]:
    return tuple(
        sorted(
            shares,
            key=lambda share: (-max(share.share, share.value_share), share.source, share.entity, share.file_name),
        )
    )


def read_shares(connection: duckdb.DuckDBPyConnection) -> list[Share]:
    """The shares of every file and entity with open rows, and of every source and entity with open rows.

    Args:
        connection: A connection to the warehouse, after staging.
    """
    rows = connection.execute(
        """
        with broken as (
            select source, entity, batch, trim(rule) as rule, count(*) as n_rows
            from staging.stg_quarantine, unnest(string_split(broken_rules, ',')) as broken (rule)
            where not is_resolved
            group by all
        ),

        counts as (
            select source, entity, batch, rule, n_rows from broken
            union all
            select source, entity, '' as batch, rule, sum(n_rows) as n_rows from broken group by all
        ),

        top as (
            select source, entity, batch, list((rule, n_rows) order by n_rows desc, rule)[:?] as rules
            from counts
            group by all
        ),

        shares as (
            select source, entity, file_name, batch, arrived_rows, open_rows, arrived_amount, open_amount
            from staging.stg_quarantine_share
            union all
            select source, entity, '' as file_name, '' as batch,
                sum(arrived_rows), sum(open_rows), sum(arrived_amount), sum(open_amount)
            from staging.stg_quarantine_share
            group by source, entity
        )

        select source, entity, file_name, batch, arrived_rows, open_rows, rules, arrived_amount, open_amount
        from shares
        inner join top using (source, entity, batch)
        order by all
        """,
        [TOP_RULES],
    ).fetchall()
    return [
        Share(
            source,
            entity,
            file_name,
            batch,
            int(arrived),
            int(opened),
            tuple((code, int(n)) for code, n in rules),
            *amounts,
        )
        for source, entity, file_name, batch, arrived, opened, rules, *amounts in rows
    ]
