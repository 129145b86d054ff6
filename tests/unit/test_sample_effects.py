"""The planted effects: drawn after the purchases, and yet as if the group with the effect had been a coin."""

import csv
from math import sqrt

import numpy as np
import pytest

from pipelines.config.model_reports import ReportModel
from pipelines.sample import effects, service, trial
from pipelines.sample.process import Lives, Parameters, Purchases, simulate
from tests.unit.sample_files import small_sample

FIRST, LAST, DAYS = 19_000, 19_499, 30
START = LAST - 60
CUSTOMERS = 40_000
#: The largest of a few differences is below this number of standard errors in all but one sample in two thousand.
ERRORS = 3.5


@pytest.fixture(scope="module")
def drawn() -> tuple[Lives, Purchases, np.ndarray, effects.Window]:
    """The customers who came before START, and their purchases in the days from then on."""
    lives, purchases = simulate(CUSTOMERS, FIRST, LAST, 5, Parameters())
    person = np.flatnonzero(lives.first_day < START)
    return lives, purchases, person, effects.window(lives, purchases, person, np.full(len(person), START), DAYS, LAST)


def test_the_chance_of_a_purchase_is_that_of_the_process(
    drawn: tuple[Lives, Purchases, np.ndarray, effects.Window],
) -> None:
    _, purchases, person, found = drawn
    within = (purchases.day >= START) & (purchases.day < START + DAYS)
    assert np.array_equal(found.bought, np.isin(person, purchases.customer[within]))
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        there = (found.chance > low) & (found.chance <= low + 0.2)
        n, mean = there.sum(), found.chance[there].mean()
        assert n > 300
        assert abs(found.bought[there].mean() - mean) < ERRORS * sqrt(mean * (1 - mean) / n)
    assert not found.bought[found.chance == 0].any()


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_group_is_a_random_half_and_buys_more_by_the_planted_difference(
    drawn: tuple[Lives, Purchases, np.ndarray, effects.Window], strength: float
) -> None:
    lives, purchases, person, found = drawn
    group = found.group(strength, np.random.default_rng(8))
    n = len(person)
    # a fair coin, also among those who buy often, and without a relation to what was bought before
    often = lives.rate_per_day[person] > np.median(lives.rate_per_day)
    before = np.isin(person, purchases.customer[(purchases.day >= START - DAYS) & (purchases.day < START)])
    for part in (np.ones(n, bool), often, ~often, before, ~before):
        assert abs(group[part].mean() - 0.5) < ERRORS * 0.5 / sqrt(part.sum())
    with_effect, without = found.bought[group].mean(), found.bought[~group].mean()
    planted = found.difference(strength, np.ones(n, bool))
    error = sqrt(with_effect * (1 - with_effect) / group.sum() + without * (1 - without) / (~group).sum())
    assert abs(with_effect - without - planted) < ERRORS * error
    assert planted > ERRORS * error or strength == 0.0


def test_nothing_is_planted_in_a_window_that_is_not_over(
    drawn: tuple[Lives, Purchases, np.ndarray, effects.Window],
) -> None:
    lives, purchases, person, _ = drawn
    found = effects.window(lives, purchases, person, np.full(len(person), LAST - DAYS + 2), DAYS, LAST)
    assert not found.is_over.any()
    group = found.group(1.0, np.random.default_rng(8))
    with_effect, without = found.bought[group].mean(), found.bought[~group].mean()
    assert abs(with_effect - without) < ERRORS * sqrt(0.25 / group.sum() + 0.25 / (~group).sum())


def test_the_truth_lists_the_effects_with_the_days_of_the_settings() -> None:
    with (small_sample() / "truth" / "effects.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["effect"], row["subject"]): row for row in csv.DictReader(file)}
    reports = ReportModel()
    assert int(rows["campaign", "COMEBACK"]["days"]) == trial.DAYS == reports.campaign_days
    assert int(rows["recovery", "complaint"]["days"]) == service.FOLLOWED_DAYS == reports.followed_days
    assert all(float(row["difference"]) > 0.05 and int(row["n"]) > 20 for row in rows.values())
