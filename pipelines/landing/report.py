"""The report of a landing, file by file: plain data."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pipelines.base.errors import Finding, InputError
from pipelines.base.text import counted, printable_name
from pipelines.landing.mapping_values import BLANK
from pipelines.landing.shifted_dates import DateColumn


class Outcome(StrEnum):
    """The outcome of a file.

    Attributes:
        LANDED: Its batch is committed.
        AGAIN: It had been landed with an older version of the mapping. Its new batch has replaced the old one.
        SKIPPED: The same bytes with the same date had landed before.
        IGNORED: The mapping ignores it.
        REFUSED: It was refused as a whole; nothing of it has landed.
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
        source: The source.
        file_name: The file name below the source's folder.
        outcome: The outcome.
        note: Why it was skipped, ignored or refused.
        hint: What to do if it was refused.
        file_on: The date of the file.
        batch: Its batch, landed now or before.
        records: The number of records, counted by the independent pass.
        taken: The number of records that made rows.
        unreadable: The number of records that could not be read, or that no entity and no skip takes.
        skipped: The number of records that a declared skip takes, or that have no answer.
        skips: The number of skipped records per skip.
        rows: The number of landed rows per entity.
        erased: The number of rows that did not land because they are about an erased person.
        emptied: The number of rows that landed without the values about an erased person.
        warnings: What may be wrong with its content.
        shifted_dates: The columns with dates that are another day in the zone of the business, each with their number.
        seconds: The time spent.
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
    emptied: int = 0
    warnings: tuple[str, ...] = ()
    shifted_dates: Mapping[DateColumn, int] = field(default_factory=dict)
    seconds: float = 0.0


Progress = Callable[[FileOutcome, int, int], None]
"""Called after each file with its outcome, the number of files done, and the number of all files."""


@dataclass(frozen=True)
class LandingReport:
    """The result of a landing.

    Attributes:
        files: The outcome of every file, in the order of landing.
        warnings: Warnings for the user.
        orphans: The number of incomplete batch folders of a killed run that were removed.
        seconds: The time spent.
        redeclared: The number of files whose rows stay and whose declarations were updated in the ledger.
        outdated: The number of files that still have the rows of an older version of the mapping.
    """

    files: tuple[FileOutcome, ...]
    warnings: tuple[str, ...] = ()
    orphans: int = 0
    seconds: float = 0.0
    redeclared: int = 0
    outdated: int = 0

    def of(self, outcome: Outcome) -> tuple[FileOutcome, ...]:
        """The files with an outcome."""
        return tuple(file for file in self.files if file.outcome is outcome)

    @property
    def landed_batches(self) -> tuple[str, ...]:
        """The batches with new rows that this landing committed."""
        return tuple(file.batch for file in self._landed_now)

    @property
    def _landed_now(self) -> tuple[FileOutcome, ...]:
        return tuple(file for file in self.files if file.outcome in (Outcome.LANDED, Outcome.AGAIN))

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows landed now, by entity."""
        total: Counter[str] = Counter()
        for file in self._landed_now:
            total.update(file.rows)
        return dict(total)

    @property
    def records(self) -> int:
        """The number of records in the files landed now."""
        return sum(file.records for file in self._landed_now)

    @property
    def unreadable(self) -> int:
        """The number of unreadable records in the files landed now."""
        return sum(file.unreadable for file in self._landed_now)

    @property
    def skipped(self) -> int:
        """The number of records skipped as declared or as blank, in the files landed now."""
        return sum(file.skipped for file in self._landed_now)

    @property
    def blank(self) -> int:
        """The number of skipped records without an answer, in the files landed now."""
        return sum(file.skips.get(BLANK, 0) for file in self._landed_now)

    @property
    def erased(self) -> int:
        """The number of rows about erased people that were removed from the files landed now."""
        return sum(file.erased for file in self._landed_now)

    @property
    def emptied(self) -> int:
        """The number of rows of the files landed now that lost the values about erased people."""
        return sum(file.emptied for file in self._landed_now)


class RefusedFiles(InputError):
    """Some files were refused as a whole; the others have landed.

    Args:
        report: The report of the landing.
    """

    def __init__(self, report: LandingReport) -> None:
        refused = report.of(Outcome.REFUSED)
        lines = [f"{file.source}: {printable_name(file.file_name)}: {file.note}" for file in refused]
        hints = list(dict.fromkeys(file.hint for file in refused if file.hint))
        count = counted(len(refused), "file was", "files were")
        super().__init__(
            f"{count} refused, and nothing is published:\n" + "\n".join(lines),
            hint="\n".join(
                [*hints, "Correct the files or remove them from the inbox, and run again. The other files have landed."]
            ),
            findings=tuple(
                Finding(f"{source}: files refused", number)
                for source, number in Counter(file.source for file in refused).items()
            ),
        )
        self.report = report
