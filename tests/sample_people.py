"""The sample's true people, and how well clusters of references agree with them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq


class Known(NamedTuple):
    """A row of truth/people.parquet: a reference, or an e-mail address that a source states without a reference."""

    source: str
    ref: str | None
    email: str | None
    person: str


def true_people(sample: Path) -> list[Known]:
    """Each reference and each guest, with the person."""
    return [Known(**row) for row in pq.read_table(sample / "truth" / "people.parquet").to_pylist()]


@dataclass(frozen=True)
class Score:
    """Numbers of pairs of references: found to be one person, truly one person, and both."""

    found_pairs: int
    true_pairs: int
    common_pairs: int

    @classmethod
    def of(cls, references: Iterable[tuple[object, str]]) -> "Score":
        """The score of references, each with its cluster and its true person."""
        both = Counter(references)
        clusters, persons = Counter[object](), Counter[str]()
        for (cluster, person), count in both.items():
            clusters[cluster] += count
            persons[person] += count
        return cls(_pairs(clusters), _pairs(persons), _pairs(both))

    @property
    def precision(self) -> float:
        """The share of the found pairs that are true."""
        return self.common_pairs / self.found_pairs

    @property
    def recall(self) -> float:
        """The share of the true pairs that are found."""
        return self.common_pairs / self.true_pairs


def _pairs(groups: Counter[object] | Counter[str] | Counter[tuple[object, str]]) -> int:
    return sum(count * (count - 1) // 2 for count in groups.values())
