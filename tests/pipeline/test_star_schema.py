"""The star schema of a published version: every key that a mart refers to is in the mart that the manifest names."""

import duckdb
import pytest

from pipelines.base import quoting
from pipelines.publication import Manifest, resolve_current
from pipelines.publication.audit import read_manifest
from tests.conftest import SampleHome


@pytest.fixture(scope="module")
def manifest(sample_home: SampleHome) -> Manifest:
    return read_manifest(resolve_current(sample_home.published))


def test_facts_and_customer_marts_refer_to_the_dimensions(manifest: Manifest) -> None:
    found = {table.name: {(one.column, one.mart) for one in table.references} for table in manifest.tables}
    assert found["fct_order"] == {
        ("channel", "dim_channel"),
        ("customer_key", "dim_customer"),
        ("ordered_on", "dim_date"),
        ("store_key", "dim_store"),
    }
    assert found["fct_order_line"] == {
        ("customer_key", "dim_customer"),
        ("order_key", "fct_order"),
        ("product_key", "dim_product"),
    }
    assert {("customer_key", "dim_customer"), ("level", "dim_level"), ("loyalty_class", "dim_class")} <= found[
        "customer_loyalty"
    ]
    assert {("referrer_customer_key", "dim_customer"), ("referred_on", "dim_date")} <= found["fct_referral"]
    assert found["dim_customer"] == {("account_key", "dim_account")}
    assert found["dim_level"] == set()


def test_every_reference_is_a_row_of_the_mart_it_names(sample_home: SampleHome, manifest: Manifest) -> None:
    version = resolve_current(sample_home.published)
    used = set()
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        for table in manifest.tables:
            for one in table.references:
                column, key = quoting.name(one.column), quoting.name(one.to_column)
                ((known, missing),) = connection.execute(
                    f"select count({column}), count({column}) filter ({column} not in (select {key} from {one.mart}))"
                    f" from {table.name}"
                ).fetchall()
                assert missing == 0, (table.name, one)
                used.update({one.mart} if known else ())
    assert used >= {"dim_customer", "dim_date", "dim_channel", "dim_level", "dim_class", "dim_product", "dim_account"}


def test_the_calendar_reaches_as_far_as_forecasts(sample_home: SampleHome, manifest: Manifest) -> None:
    version = resolve_current(sample_home.published)
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        ((last, days, after),) = connection.execute(
            "select max(date_on), count(*) = max(date_on) - min(date_on) + 1, count(*) filter (is_after_as_of)"
            " from dim_date"
        ).fetchall()
    assert ((last - manifest.as_of).days, days, after) == (731, True, 731)
