"""What a landing did, file by file. Plain data: nothing is decided here."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pipelines.base.errors import Finding, InputError
from pipelines.base.text import printable_name
from pipelines.landing.mapping_values import BLANK


class Outcome(StrEnum):
    """What became of a file.

    Attributes:
        LANDED: Its batch is committed.
        AGAIN: It was landed with an older version of the mapping; its new batch has replaced that one.
        SKIPPED: The same bytes with the same date have landed before.
        IGNORED: The mapping says to leave it alone.
        REFUSED: It cannot be landed whole; nothing of it was.
    """

    LANDED = "landed"
    AGAIN = "again"
    SKIPPED = "skipped"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True)
class FileOutcome:
    """One file of the inbox.

    Attributes:
        source: Its source.
        file_name: Its name below the source's folder.
        outcome: What became of it.
        note: Why it was skipped, ignored or refused.
        hint: What to do about a refusal.
        file_on: Its own date.
        batch: Its batch, landed now or before.
        records: Records counted by the independent pass.
        taken: Records that made rows.
        unreadable: Records that could not be read or that nothing takes.
        skipped: Records that a declared skip takes, or that answer nothing.
        skips: The same by skip.
        rows: Landed rows by entity.
        erased: Rows that did not land, because they are about somebody who was erased.
        seconds: Time spent.
    """

    source: str
    file_name: str
    outcome: Outcome
    note: str = ""
    hint: str = ""
    file_on: date | None = None
    batch: str = ""
    records: int = 0
    taken: int = 0
    unreadable: int = 0
    skipped: int = 0
    skips: Mapping[str, int] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    erased: int = 0
    seconds: float = 0.0


Progress = Callable[[FileOutcome, int, int], None]
"""Called after each file with its outcome, the files done, and the files in all."""


@dataclass(frozen=True)
class LandingReport:
    """A whole landing.

    Attributes:
        files: Every file seen, in the order of landing.
        warnings: What the user should know though nothing failed.
        orphans: Batch folders of a killed run that were removed.
        seconds: Time spent.
        redeclared: Files whose rows stay, and of which the ledger has what the mapping declares now.
        outdated: Files that are left as an older version of the mapping landed them.
    """

    files: tuple[FileOutcome, ...]
    warnings: tuple[str, ...] = ()
    orphans: int = 0
    seconds: float = 0.0
    redeclared: int = 0
    outdated: int = 0

    def of(self, outcome: Outcome) -> tuple[FileOutcome, ...]:
        """The files with one outcome."""
        return tuple(file for file in self.files if file.outcome is outcome)

    @property
    def landed_batches(self) -> tuple[str, ...]:
        """The batches that this landing committed with rows of their own."""
        return tuple(file.batch for file in self._landed_now)

    @property
    def _landed_now(self) -> tuple[FileOutcome, ...]:
        return tuple(file for file in self.files if file.outcome in (Outcome.LANDED, Outcome.AGAIN))

    @property
    def rows(self) -> dict[str, int]:
        """Rows landed now, by entity."""
        total: Counter[str] = Counter()
        for file in self._landed_now:
            total.update(file.rows)
        return dict(total)

    @property
    def records(self) -> int:
        """Records in the files landed now."""
        return sum(file.records for file in self._landed_now)

    @property
    def unreadable(self) -> int:
        """Unreadable records in the files landed now."""
        return sum(file.unreadable for file in self._landed_now)

    @property
    def skipped(self) -> int:
        """Records skipped as declared or as blank, in the files landed now."""
        return sum(file.skipped for file in self._landed_now)

    @property
    def blank(self) -> int:
        """Of the skipped, the records that answer nothing, in the files landed now."""
        return sum(file.skips.get(BLANK, 0) for file in self._landed_now)

    @property
    def erased(self) -> int:
        """Rows of the files landed now that are about somebody who was erased."""
        return sum(file.erased for file in self._landed_now)


class RefusedFiles(InputError):
    """Some files were refused whole; the others have landed.

    Args:
        report: Everything that was done.
    """

    def __init__(self, report: LandingReport) -> None:
        refused = report.of(Outcome.REFUSED)
        lines = [f"{file.source}: {printable_name(file.file_name)}: {file.note}" for file in refused]
        hints = list(dict.fromkeys(file.hint for file in refused if file.hint))
        count = "1 file was" if len(refused) == 1 else f"{len(refused)} files were"
        super().__init__(
            f"{count} refused, and nothing is published:\n" + "\n".join(lines),
            hint="\n".join(
                [*hints, "Correct the files or take them out of the inbox, and run again; the others have landed."]
            ),
            findings=tuple(
                Finding(f"{source}: files refused", number)
                for source, number in Counter(file.source for file in refused).items()
            ),
        )
        self.report = report
