"""The models on trial: CDNOW's known outcome, a world without dropout, one with a season, and companies too small."""

from dataclasses import astuple

import numpy as np
import pytest

from pipelines.value import purchase_model
from pipelines.value.nbd import Nbd
from pipelines.value.purchase_model import Kind
from pipelines.value.report import FitStatus
from pipelines.value.uncertainty import standard_errors
from pipelines.value.validation import LAST_YEAR, OWN_RATE, POOLED_MEAN, HoldoutCells, Validation, validate
from tests.unit.value_samples import cdnow_holdout, packaged_cdnow, read_cdnow

WEEKS = 39.0
# of the 39-week conditional expectations over the sample, as the package lifetimes computes them
SUMS = {Kind.BG_NBD: "1653.4", Kind.MBG_NBD: "1576.7", Kind.PARETO_NBD: "1665.5"}


@pytest.fixture(scope="module")
def cdnow() -> HoldoutCells:
    people = read_cdnow(packaged_cdnow())
    return HoldoutCells.of(people.repeats, people.recency / 7, people.age / 7, cdnow_holdout(packaged_cdnow()), WEEKS)


@pytest.fixture(scope="module")
def outcome(cdnow: HoldoutCells) -> Validation:
    found = validate(cdnow)
    assert found is not None
    return found


def steady(customers: int, seed: int, season: float = 1.0) -> HoldoutCells:
    """Buyers who never leave, observed for up to two years, then for a quarter in which they buy `season` as often."""
    rng = np.random.default_rng(seed)
    rate, age = rng.gamma(0.8, 1 / 40, customers), np.floor(rng.uniform(180, 730, customers))
    repeats = rng.poisson(rate * age).astype(float)
    recency = np.where(repeats > 0, np.floor(age * rng.beta(np.maximum(repeats, 1), 1)), 0)
    return HoldoutCells.of(repeats, recency, age, rng.poisson(rate * 91 * season).astype(float), 91.0)


def test_cdnow_is_won_by_pareto_nbd_as_published(outcome: Validation) -> None:
    deviance = {score.name: f"{score.deviance:.3f}" for score in outcome.models}
    assert deviance["pareto_nbd"] == "1.594"
    assert deviance["bg_nbd"] == "1.599"
    assert deviance["mbg_nbd"] == "1.601"
    (pareto,) = (score for score in outcome.models if score.name == "pareto_nbd")
    assert f"{pareto.total_error:.1%}" == "-11.5%"
    assert pareto.bought == 1882
    assert pareto.deviance_gap == 0
    assert outcome.beats_naive


def test_the_choice_is_the_simplest_of_those_as_good_as_the_best(outcome: Validation) -> None:
    as_good = [score.name for score in outcome.models if score.deviance_gap <= score.deviance_gap_error]
    assert outcome.chosen == as_good[0]
    assert [score.name for score in outcome.models] == [str(kind) for kind in Kind]
    assert {score.name for score in outcome.peers} == {POOLED_MEAN, OWN_RATE}


def test_every_customer_is_in_one_bin_of_each_kind(outcome: Validation) -> None:
    for bins in (outcome.frequency, outcome.probability):
        assert sum(one.customers for one in bins) == 2357
        assert sum(one.customers * one.actual for one in outcome.frequency) == pytest.approx(1882)
    assert all(abs(one.predicted - one.actual) < 0.15 for one in outcome.probability)


def test_where_nobody_leaves_the_simplest_model_that_could_see_it_is_asked() -> None:
    found = validate(steady(4000, seed=5))
    assert found is not None
    assert (found.chosen, found.ended_at[found.chosen]) == (Kind.BG_NBD, Kind.NBD)
    assert isinstance(found.fitted, Nbd)
    assert found.beats_naive


def leaving(seed: int) -> HoldoutCells:
    """400 customers of BG/NBD over 270 days and 89 more, drawn day by day."""
    rng, rows = np.random.default_rng(seed), []
    first, rate, leaves = rng.integers(0, 300, 400), rng.gamma(0.8, 1 / 40, 400), rng.beta(0.15, 2, 400)
    for each in range(400):
        days, clock = [int(first[each])], float(first[each])
        while rng.random() > (leaves[each] if len(days) > 1 else 0):
            clock += rng.exponential(1 / rate[each])
            if clock >= 360:
                break
            if int(clock) > days[-1]:
                days.append(int(clock))
        known = [day for day in days if day <= 270]
        if known:
            rows.append((len(known) - 1, known[-1] - known[0], 270 - known[0], len(days) - len(known)))
    return HoldoutCells.of(*np.array(rows, dtype=float).T, horizon=89.0)


def test_a_tie_on_the_holdout_does_not_undo_that_customers_leave() -> None:
    """A shop in which the NBD is not worse by more than chance, though dropout is plain in the likelihood."""
    found = validate(leaving(seed=13))
    assert found is not None
    (nbd,) = (score for score in found.models if score.name == Kind.NBD)
    assert nbd.deviance_gap <= nbd.deviance_gap_error
    assert found.chosen == Kind.BG_NBD


def test_a_season_that_models_do_not_know_is_flagged() -> None:
    found = validate(steady(4000, seed=6, season=3.0), last_year=steady(4000, seed=7, season=3.0))
    assert found is not None
    assert found.seasonal_index == pytest.approx(3, rel=0.5)
    assert {score.name for score in found.peers} == {POOLED_MEAN, OWN_RATE, LAST_YEAR}
    assert not found.beats_naive


def test_the_order_of_customers_changes_nothing(cdnow: HoldoutCells, outcome: Validation) -> None:
    order = np.random.default_rng(2).permutation(cdnow.bought.size)
    known = cdnow.known
    shuffled = HoldoutCells.of(
        known.repeats[order], known.recency[order], known.age[order], cdnow.bought[order], WEEKS, known.customers[order]
    )
    assert validate(shuffled) == outcome


def test_a_company_too_small_has_no_trial() -> None:
    few = HoldoutCells.of(np.ones(20), np.ones(20), np.full(20, 9.0), np.zeros(20), 90)
    assert validate(few) is None


@pytest.mark.parametrize("bought", [[-1.0], [0.5]])
def test_counts_that_are_none_are_refused(bought: list[float]) -> None:
    with pytest.raises(ValueError, match="whole and not negative"):
        HoldoutCells.of([0], [0], [9], bought, 90)


@pytest.mark.parametrize("kind", Kind)
def test_each_model_is_asked_by_its_own_formulas(kind: Kind, cdnow: HoldoutCells) -> None:
    cells = cdnow.history()
    found = purchase_model.fit(kind, cells)
    assert found.status == FitStatus.FITTED and found.model is not None
    model = purchase_model.rounded(found.model, 8)
    assert purchase_model.kind_of(model) == kind
    assert purchase_model.log_likelihood(model, cells) == pytest.approx(found.log_likelihood)
    assert np.all(standard_errors(purchase_model.hessian(model, cells)) < 5 * np.array(astuple(model)))
    expected = purchase_model.expected_purchases(model, cells, WEEKS)
    if kind in SUMS:
        assert f"{expected @ cells.customers:.1f}" == SUMS[kind]
    else:
        assert expected @ cells.customers > 2200  # of buyers who are all thought to be there still
    assert np.all(purchase_model.purchases_variance(model, cells, WEEKS) > expected)
    assert np.all(purchase_model.p_any_purchase(model, cells, WEEKS) <= np.minimum(expected, 1))
    alive = purchase_model.p_alive(model, cells)
    assert (alive is None) == (kind == Kind.NBD)
