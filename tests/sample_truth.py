"""The sample's true customers: what they think and feel, whether they are still there on a day, what they bought."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
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


def wrong_purchases(
    warehouse: duckdb.DuckDBPyConnection, sample: Path, keys: Mapping[str, str | None], cents_per_order: int
) -> list[tuple[Any, ...]]:
    """The true customers whose days or amount of purchases are not those of the warehouse, or who are not in it.

    Args:
        warehouse: The warehouse of a finished run.
        sample: The sample's folder.
        keys: The customer key of each person.
        cents_per_order: By how much the net amount may differ for each order, because of rounding.
    """
    return warehouse.execute(
        """
        with truth as (
            select person, n_purchase_days, last_purchase_on, net_amount, n_orders from read_parquet(?)
        ),

        found as (
            select
                identity.person,
                summary.n_purchase_days,
                summary.last_purchase_on,
                summary.net_purchase_amount
            from (select unnest(?) as person, unnest(?) as customer_key) as identity
            inner join intermediate.int_customer_summary as summary
                on identity.customer_key = summary.customer_key
            where summary.observed_on = (select max(observed_on) from intermediate.int_customer_summary)
        )

        select truth.*, found.*
        from truth
        left join found on truth.person = found.person
        where
            found.person is null
            or found.n_purchase_days <> truth.n_purchase_days
            or found.last_purchase_on <> truth.last_purchase_on
            or abs(found.net_purchase_amount - truth.net_amount) > ? / 100 * truth.n_orders
        """,
        [str(sample / "truth" / "customers.parquet"), list(keys), list(keys.values()), cents_per_order],
    ).fetchall()
