"""What a push did, or would do. It has references of customers, so it is shown and never logged."""

from dataclasses import dataclass, field

MOST_KEPT = 1_000


@dataclass(frozen=True)
class Change:
    """A value that was, or would be, written.

    Attributes:
        record_id: The record.
        field: The field.
        old: What the CRM had; empty if nothing.
        new: What it has now; empty if nothing.
    """

    record_id: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Refused:
    """A record that the CRM did not take.

    Attributes:
        record_id: The record.
        problem: Why, as the vendor words it.
    """

    record_id: str
    problem: str


@dataclass
class PushReport:
    """A push of one object.

    Attributes:
        source: The source.
        object: The object.
        version: The version whose values were pushed.
        is_dry_run: Whether nothing was written.
        references: The number of references of the source that can be IDs of records.
        pending: How many of them differ from what was pushed last.
        written: How many records were written, or would be.
        same: How many have these values in the CRM already.
        absent: How many are not in this object: they belong to another object, or were deleted.
        erased: How many are of erased people. They are left alone.
        refused: How many the CRM refused.
        fields: How many records were changed, by field.
        changes: The first changes, with old values as the CRM had them.
        problems: The first refused records.
        touches: The new campaign touches of each audience, by group.
        unknown_lines: The number of lines of `suppress_files` that name no customer, by audience.
    """

    source: str
    object: str
    version: str
    is_dry_run: bool
    references: int = 0
    pending: int = 0
    written: int = 0
    same: int = 0
    absent: int = 0
    erased: int = 0
    refused: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    problems: list[Refused] = field(default_factory=list)
    touches: dict[str, dict[str, int]] = field(default_factory=dict)
    unknown_lines: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many of the pending records were looked at."""
        return self.written + self.same + self.absent + self.erased + self.refused

    @property
    def stopped(self) -> str:
        """The beginning of the message of a push that could not end."""
        if not self.pending:
            return f"{self.source}: {self.object} could not be pushed"
        return f"{self.source}: {self.object}: the push stopped after {self.done:,} of {self.pending:,} records"

    def note_written(self, changes: list[Change], most: int) -> None:
        """Count a record with its changes."""
        self.written += 1
        for one in changes:
            self.fields[one.field] = self.fields.get(one.field, 0) + 1
        self.changes += changes[: max(most - len(self.changes), 0)]

    def note_refused(self, record_id: str, problem: str) -> None:
        """Count a record that was refused."""
        self.refused += 1
        if len(self.problems) < MOST_KEPT:
            self.problems.append(Refused(record_id, problem))
