"""The sample's true customers: what they think and feel, and whether they are still there on a day."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq


class TrueCustomer(NamedTuple):
    """What truth/customers.parquet says of a person about loyalty."""

    person: str
    attitude: float
    emotion: float
    cognition: float
    kind: str
    rate_per_day: float
    first_purchase_on: date
    dropout_on: date | None

    def is_alive(self, day: date) -> bool:
        """Whether they have come and have not left at the end of a day."""
        return self.first_purchase_on <= day and (self.dropout_on is None or day < self.dropout_on)


def true_customers(sample: Path) -> dict[str, TrueCustomer]:
    """The acquired customers, by person; tests/sample_people.py has the references of each person."""
    table = pq.read_table(sample / "truth" / "customers.parquet", columns=list(TrueCustomer._fields))
    return {row["person"]: TrueCustomer(**row) for row in table.to_pylist()}
