"""Columns of times that are read from texts: whether the texts of a file can be read as other dates."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.base.entities import ColumnType
from pipelines.landing import formats as formats_of
from pipelines.landing import normal


@dataclass(frozen=True)
class TimeColumn:
    """A canonical column of times in the rows of one block.

    Attributes:
        entity: The entity.
        name: The column.
        kind: Its type.
        formats: The formats in force.
        zone: The time zone of texts without an offset.
        texts: SQL of the rows with the trimmed texts.
    """

    entity: str
    name: str
    kind: ColumnType
    formats: tuple[str, ...]
    zone: str
    texts: str

    def contradicting(self) -> tuple[str, ...]:
        """The declared formats that contradict each other."""
        return formats_of.involved(self.formats)

    def exchanged(self) -> tuple[str, ...]:
        """The formats with day and month exchanged that are not declared."""
        return formats_of.exchanged(self.formats)

    def count_ambiguous(self) -> str:
        """A query: the number of values, and of those that the contradicting formats read as different dates."""
        formats = self.contradicting()
        differ = normal.differ([f"r{index}" for index in range(len(formats))])
        return f"select count({self.name}), count(*) filter ({differ}) from ({self._read(formats)})"  # noqa: S608 (names are quoted)

    def count_exchanged(self) -> str:
        """A query: the number of values that only `exchanged` reads, and of those that both read as different dates."""
        ours, theirs = self.formats, self.exchanged()
        names = [f"r{index}" for index in range(len(ours) + len(theirs))]
        declared, other = (f"coalesce({', '.join(one)}, null)" for one in (names[: len(ours)], names[len(ours) :]))
        return (
            f"select count(*) filter ({declared} is null and {other} is not null),"  # noqa: S608 (names are quoted)
            f" count(*) filter ({declared} <> {other}) from ({self._read((*ours, *theirs))})"
        )

    def _read(self, formats: Sequence[str]) -> str:
        read = normal.readings(self.kind, self.name, formats, self.zone)
        readings = ", ".join(f"{sql} as r{index}" for index, sql in enumerate(read))
        return f"select {self.name}, {readings} from ({self.texts})"  # noqa: S608 (names are quoted)
