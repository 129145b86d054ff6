"""The levels of the sample, run whole by the command line, against the written rule in plain Python."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.conftest import SampleHome
from tests.level_checks import Query, built_levels, check_levels, improved_in_silence, shop_of


@pytest.fixture(scope="module")
def query(sample_home: SampleHome) -> Iterator[Query]:
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:

        def rows(text: str) -> list[tuple[Any, ...]]:
            return connection.execute(text).fetchall()

        yield rows


@pytest.fixture(scope="module")
def day(query: Query) -> date:
    """The day that was built."""
    found: date = query("select max(observed_on) from intermediate.int_customer_level")[0][0]
    return found


def test_every_level_of_the_sample_is_that_of_the_written_rule(query: Query, day: date) -> None:
    shop = shop_of(query, preset_g0=90, lapsed_days=365)
    assert shop.answers
    assert shop.attitude
    levels = check_levels(built_levels(query), shop, day)
    assert {one.level for one in levels.values()} >= {"new", "potential"}


def test_a_customer_without_a_purchase_is_a_prospect_and_all_others_have_the_level_of_the_day(
    query: Query, day: date
) -> None:
    of_day = {key: row["level"] for (key, on), row in built_levels(query).items() if on == day}
    published = dict(query("select customer_key, level from marts.customer_loyalty"))
    assert {key: level for key, level in published.items() if level != "prospect"} == of_day
    assert "prospect" in published.values()


def test_silence_never_improves_a_level_of_the_sample(query: Query) -> None:
    assert improved_in_silence(query) == []
