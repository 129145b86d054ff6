"""One run of four systems' exports finds the people, the purchases, the points and the answers of the sample."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import SampleHome, call
from tests.four_systems import FourSystems, write_four_systems
from tests.sample_people import Score, true_people

pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def systems(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> FourSystems:
    written = write_four_systems(sample_home, tmp_path_factory.mktemp("four-systems"))
    done = call("run", "--config", written.config)
    assert done.returncode == 0, done.stdout + done.stderr
    return written


@pytest.fixture(scope="module")
def warehouse(systems: FourSystems) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(systems.home / "state" / "warehouse.duckdb"), read_only=True) as connection:
        yield connection


def test_no_row_is_rejected(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert warehouse.execute("select file_name, broken_rules from staging.stg_quarantine").fetchall() == []


def test_the_people_are_found_across_the_systems(systems: FourSystems, warehouse: duckdb.DuckDBPyConnection) -> None:
    keys = dict(
        ((source, ref), key)
        for source, ref, key in warehouse.execute(
            "select source, customer_ref, customer_key from intermediate.int_customer_identity"
        ).fetchall()
    )
    score = Score.of((keys[source, ref], person) for (source, ref), person in systems.person_of.items())
    assert score.precision == 1
    assert score.recall >= 0.99
    systems_of = defaultdict(set)
    for (source, _), key in keys.items():
        systems_of[key].add(source)
    assert sum(len(found) == 4 for found in systems_of.values()) > 10


def test_each_person_bought_on_the_days_and_for_the_amount_that_the_truth_names(
    systems: FourSystems, warehouse: duckdb.DuckDBPyConnection, sample_home: SampleHome
) -> None:
    persons = {ref: person for (source, ref), person in systems.person_of.items() if source == "shopify"}
    wrong = warehouse.execute(
        """
        with truth as (
            select person, n_purchase_days, last_purchase_on, net_amount, n_orders
            from read_parquet(?)
        ),

        found as (
            select
                persons.person,
                customers.n_purchase_days,
                customers.last_purchase_on,
                customers.historic_net_amount as net_amount
            from (select unnest(?) as ref, unnest(?) as person) as persons
            inner join intermediate.int_customer_identity as identity
                on identity.source = 'shopify' and persons.ref = identity.customer_ref
            inner join marts.customer_clv as customers on identity.customer_key = customers.customer_key
        )

        select truth.*, found.*
        from truth
        left join found on truth.person = found.person
        where
            found.person is null
            or found.n_purchase_days <> truth.n_purchase_days
            or found.last_purchase_on <> truth.last_purchase_on
            or abs(found.net_amount - truth.net_amount) > 0.02 * truth.n_orders
        """,
        [str(sample_home.sample / "truth" / "customers.parquet"), list(persons), list(persons.values())],
    ).fetchall()
    assert wrong == []
