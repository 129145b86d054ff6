"""Within one version the marts do not contradict each other; the same list is checked on real shops (tests/trial)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest

from tests.contradictions import MUST_NOT, Query, contradictions, differences, prepare


class SampleHome(Protocol):
    """What the fixture `sample_home` gives."""

    published: Path


@pytest.fixture
def query(sample_home: SampleHome) -> Iterator[Query]:
    """Runs a query on views of the published marts."""
    marts = (sample_home.published / "current").resolve() / "marts"
    with duckdb.connect() as connection:
        for mart in sorted(marts.iterdir()):
            connection.execute(f"create view {mart.name} as from '{mart}/*.parquet'")

        def run(statement: str) -> list[tuple[Any, ...]]:
            return connection.execute(statement).fetchall()

        yield run


def test_the_marts_of_a_version_do_not_contradict_each_other(query: Query) -> None:
    assert contradictions(query) == {}


def test_ranks_and_levels_that_look_different_are_rare_in_the_sample(query: Query) -> None:
    """They answer different questions; most customers still look alike."""
    found = differences(query)
    assert sum(of for _, of in found.values()) > 0
    assert {name: counts for name, counts in found.items() if counts[0] * 5 > counts[1]} == {}


# What makes a true row false, per combination; the tables that prepare() creates are changed.
WRONG = {
    "a customer is missing in a mart of customers": "update customers set level = null",
    "marts differ about the number of purchase days": "update customers set clv_purchase_days = 99",
    "purchase days are not those of the orders": "update customers set last_purchase_on = '1999-01-01'",
    "recency is not the time since the last purchase": "update customers set recency_days = recency_days + 1",
    "marts differ about revenue": "update customers set monetary_amount = monetary_amount + 0.01",
    "more silence or age than the calendar has": "update customers set silence_days = silence_days + 999",
    "a prospect has bought, or somebody else has not": "update customers set level = 'prospect'",
    "a prospect has a chance to return or a forecast": "update customers set p_alive = 0.5",
    "a new customer first bought long ago or often": "update customers set age_days = 365",
    "somebody left who bought within their own gap": (
        "update customers set level = 'churned', level_reason = 'rule', silence_ratio = 0.9"
    ),
    "somebody left although more than one in five come back": (
        "update customers set level = 'churned', return_share = 0.3"
    ),
    "somebody left, was among the most recent buyers, and no return curve explains it": (
        "update customers set level = 'churned', level_basis = 'preset'"
    ),
    "a loyal customer with too few purchases or a break": "update customers set level = 'loyal'",
    "won back without a break": (
        "update customers set level = 'won_back', level_reason = 'rule', is_last_gap_break = false"
    ),
    "a chance to return without a curve, or a curve without a chance": (
        "update customers set return_probability = case when return_probability is null then 0.5 end"
    ),
    "behaviour and level differ": "update customers set is_behaviourally_loyal = not is_behaviourally_loyal",
    "class and flags differ": "update customers set loyalty_class = 'cognitive'",
    "a type of loyalty without a class, or the other way round": "update customers set loyalty_type = 'habitual'",
    "quadrant and attitude differ, and no brand preference explains it": (
        "update customers set quadrant = 'true_loyalty', is_attitudinally_loyal = false, brand_preference_score = null"
    ),
    "quadrant and purchases differ": ("update customers set quadrant = 'true_loyalty', is_behaviourally_loyal = false"),
    "a score without evidence": "update customers set behaviour_coverage_share = 0",
    "a flag without a score": "update customers set attitude_score = null",
    "a promoter without a promoter answer": "update customers set n_promoter_answers = 0",
    "history and customer_rfm differ about the segment at the last month end": (
        "update at_month_ends set rfm_segment = 'another'"
    ),
    "history and the marts of today differ on an as-of day that is a month end": (
        "update at_month_ends set level = 'another', month_end_on = (select max(as_of_on) from customers)"
    ),
    "history says prospect of a buyer, or buyer of a prospect": "update at_month_ends set level = 'prospect'",
    "outcomes count other customers than the history": "delete from at_month_ends",
    "migrations count other customers than the history": (
        "delete from at_month_ends where customer_key = (select min(customer_key) from customer_rfm)"
    ),
    "values by segment count other customers than customer_rfm": "update customers set rfm_segment = 'champions'",
}


def test_every_combination_has_something_that_breaks_it() -> None:
    assert WRONG.keys() == MUST_NOT.keys()


@pytest.mark.parametrize("name", MUST_NOT)
def test_a_contradiction_is_found(query: Query, name: str) -> None:
    prepare(query)
    assert query(f"select * {MUST_NOT[name]} limit 1") == []
    query(WRONG[name])
    assert query(f"select * {MUST_NOT[name]} limit 1") != []
