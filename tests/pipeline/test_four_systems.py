"""One run of four systems' exports finds the people, the purchases, the points and the answers of the sample."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.conftest import SampleHome, call
from tests.four_systems import FourSystems, write_four_systems, wrong_people, wrong_purchases_of_the_shop
from tests.pipeline.sample_keys import person_keys

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
    assert wrong_people(warehouse, systems.person_of) == []


def test_each_person_bought_on_the_days_and_for_the_amount_that_the_truth_names(
    systems: FourSystems, warehouse: duckdb.DuckDBPyConnection, sample_home: SampleHome
) -> None:
    assert wrong_purchases_of_the_shop(warehouse, sample_home, systems.person_of) == []


def test_every_person_has_the_points_of_the_sample(
    systems: FourSystems, warehouse: duckdb.DuckDBPyConnection, sample_home: SampleHome
) -> None:
    query = """
        select customer_key, sum(points_change) from marts.fct_loyalty_event
        where kind in ('earn', 'redeem') group by customer_key
    """
    members = {ref: person for (source, ref), person in systems.person_of.items() if source == "fxiaoke"}
    keys = warehouse.execute(
        "select customer_ref, customer_key from intermediate.int_customer_identity where source = 'fxiaoke'"
    ).fetchall()
    person_of = {key: members[ref] for ref, key in keys if ref in members}
    found = {person_of[key]: points for key, points in warehouse.execute(query).fetchall()}
    original = {row.customer_key: row.person for row in person_keys(sample_home) if row.source == "sample"}
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        expected = {original[key]: points for key, points in connection.execute(query).fetchall()}
    assert len(expected) > 50
    assert found == expected


def test_each_answer_counts_for_the_person_who_gave_it(
    systems: FourSystems, warehouse: duckdb.DuckDBPyConnection, sample_home: SampleHome
) -> None:
    query = "select construct, answer_number, count(*), count(customer_key) from {} where source = '{}' group by all"
    found = warehouse.execute(query.format("marts.fct_survey_answer", "wjx")).fetchall()
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        rows = connection.execute(query.format("marts.fct_survey_answer", "survey_tool")).fetchall()
    expected = [row for row in rows if row[0] in ("nps", "csat")]
    assert len(expected) > 10
    assert sorted(found) == sorted(expected)
