"""How much of what arrived is in quarantine, held against the limits of loyalty.yml.

Two questions: of each file that no build has used yet, and of each source and entity as a whole. Open rows alone count:
what a corrected file has mended is missing nowhere. A file is judged until a build has begun with it, so that one that
was let through knowingly does not stop every later run; the whole is judged each time, so that many small files, or a
rule that has become stricter, do not go unseen. Counts, names of files and codes of rules only; nothing of a row.
"""

import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from pipelines.base.errors import Finding, GateError
from pipelines.config.limits import UNREADABLE, QuarantineSettings
from pipelines.quality.rules import QuarantineRule

LISTED = 5  # how many of the worst are named one by one
TOP_RULES = 3


@dataclass(frozen=True)
class Share:
    """What is open of one file and entity, or of a source's entity as a whole.

    Attributes:
        source: The source.
        entity: The entity, or `unreadable`.
        file_name: The file, below the source's folder; empty for all files.
        batch: The file's batch; empty for all files.
        arrived_rows: Rows landed of the entity; for `unreadable`, records.
        open_rows: Of these, refused and not resolved.
        rules: The rules most broken by the open rows, with the number of rows.
        arrived_amount: What the landed rows are worth, each in its own currency; 0 for an entity without money.
        open_amount: What the open rows are worth; an amount that cannot be read is estimated by the mean.
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
        """Open rows by arrived rows, 0 to 1."""
        return self.open_rows / self.arrived_rows if self.arrived_rows else 0.0

    @property
    def value_share(self) -> float:
        """What the open rows are worth by what the arrived rows are worth, 0 to 1."""
        return float(self.open_amount / self.arrived_amount) if self.arrived_amount else 0.0

    def exceeds(self, rows: float, value: float) -> bool:
        """Whether it is above a limit by rows or above a limit by value."""
        return self.share > rows or self.value_share > value

    @property
    def where(self) -> str:
        """The command that shows the rows."""
        of_file = f" --file {shlex.quote(self.file_name)}" if self.file_name else ""
        return f"loyalty quarantine show --source {shlex.quote(self.source)} --entity {self.entity}{of_file}"

    def words(self, rules: dict[str, QuarantineRule]) -> str:
        """One line: where, how much, for which rules, and what the first of them means."""
        what = "records" if self.entity == UNREADABLE else "rows"
        of_value = f", {self.value_share:.1%} of the value" if self.arrived_amount else ""
        broken = ", ".join(f"{code} {count}" for code, count in self.rules)
        most = rules.get(self.rules[0][0]) if self.rules else None
        return (
            f"{self.source} {self.entity}, {self.file_name or 'all files'}:"
            f" {self.open_rows} of {self.arrived_rows} {what} ({self.share:.1%}{of_value}): {broken}"
            + (f"; {most.code}: {most.meaning}" if most else "")
        )


@dataclass(frozen=True)
class Verdict:
    """What the shares come to, the worst first in both.

    Attributes:
        stops: Above the limit that stops a run.
        warnings: Above the limit that is warned of.
        judged: How many shares were held against a limit.
    """

    stops: tuple[Share, ...]
    warnings: tuple[Share, ...]
    judged: int

    def check(self, rules: dict[str, QuarantineRule]) -> None:
        """Do nothing where nothing stops the run.

        Raises:
            GateError: Too much is in quarantine: which files, how much, for which rules, where to look.
        """
        if not self.stops:
            return
        raise GateError(
            f"too much is in quarantine: {len(self.stops)} files or entities are above stop_share or stop_value_share\n"
            f"{listed(self.stops, rules)}",
            hint=f"Look: {self.stops[0].where}\nWhat was published before is untouched. Deliver a corrected file, take"
            " the file out, or raise the limit in loyalty.yml (docs/quarantine.md says how), then run again.",
            findings=tuple(
                Finding(f"{stop.source} {stop.entity} in quarantine: {code}", rows)
                for stop in self.stops
                for code, rows in stop.rules
            ),
        )


def listed(shares: Sequence[Share], rules: dict[str, QuarantineRule]) -> str:
    """The worst of them, a line each, and how many more there are."""
    lines = [f"  {share.words(rules)}" for share in shares[:LISTED]]
    if len(shares) > LISTED:
        lines.append(f"  and {len(shares) - LISTED} more")
    return "\n".join(lines)


def judge(shares: Iterable[Share], limits: QuarantineSettings, used: Collection[str]) -> Verdict:
    """Hold shares against the limits.

    Args:
        shares: Of files and of wholes.
        limits: The limits in force.
        used: Batches that a build has begun with; their files are not judged again one by one.
    """
    stops, warnings, judged = [], [], 0
    for share in shares:
        limit = limits.of(share.entity)
        if share.arrived_rows < limit.min_rows or share.batch in used:
            continue
        judged += 1
        if share.exceeds(limit.stop_share, limit.stop_value_share):
            stops.append(share)
        elif share.exceeds(limit.warn_share, limit.warn_value_share):
            warnings.append(share)
    return Verdict(_worst_first(stops), _worst_first(warnings), judged)


def _worst_first(shares: list[Share]) -> tuple[Share, ...]:
    return tuple(
        sorted(
            shares,
            key=lambda share: (-max(share.share, share.value_share), share.source, share.entity, share.file_name),
        )
    )


def read_shares(connection: duckdb.DuckDBPyConnection) -> list[Share]:
    """Every file and entity that has open rows, and every source's entity that has any.

    Args:
        connection: The warehouse, staged.
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
