"""How many purchases a customer makes: a distribution that has the mean, the variance and the zero that are told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from pipelines.value import bg_nbd_forecast, nbd
from pipelines.value.bg_nbd import BgNbd, MbgNbd
from pipelines.value.bg_nbd_integral import pairs_by_integral

COUNTS = np.arange(20_000.0)
NEW = np.zeros(1)
SHOPS = [(0.243, 4.414, 0.793, 2.426), (0.6, 30.0, 1.0, 2.5), (2.0, 90.0, 0.05, 1.5), (5.0, 40.0, 3.0, 0.4)]


@pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("horizon", [0.5, 39.0, 365.0])
def test_the_distribution_has_the_moments_that_are_told(
    kind: type[BgNbd], shop: tuple[float, ...], horizon: float
) -> None:
    model = kind(*shop)
    share = bg_nbd_forecast.p_purchases(model, COUNTS, horizon)
    mean = share @ COUNTS
    assert share.min() >= 0
    assert share.sum() == pytest.approx(1, abs=1e-9)
    assert bg_nbd_forecast.expected_purchases(model, horizon) == pytest.approx(mean, rel=1e-8)
    told = bg_nbd_forecast.purchases_variance_given(model, NEW, NEW, NEW, horizon)[0]
    assert told == pytest.approx(share @ (COUNTS - mean) ** 2, rel=1e-7)
    at_least_one = bg_nbd_forecast.p_any_purchase_given(model, NEW, NEW, NEW, horizon)[0]
    assert at_least_one == pytest.approx(1 - share[0], rel=1e-9)


@pytest.mark.parametrize("kind", [BgNbd, MbgNbd])
@pytest.mark.parametrize("x", [1.0, 4.0, 60.0])
def test_who_is_still_a_customer_goes_on_as_a_new_one_of_what_was_learnt(kind: type[BgNbd], x: float) -> None:
    """Whether he is one is weighed apart; of who is, nothing else is known."""
    r, alpha, a, b = SHOPS[0]
    model, recency, age, horizon = kind(r, alpha, a, b), np.array([30.0]), np.array([38.86]), 52.0
    learnt = BgNbd(r + x, alpha + 38.86, a, b + x + kind.first_chance)
    share = bg_nbd_forecast.p_purchases(learnt, COUNTS, horizon)
    alive = bg_nbd_forecast.p_alive(model, np.array([x]), recency, age)[0]
    mean, square = alive * (share @ COUNTS), alive * (share @ COUNTS**2)
    of = (model, np.array([x]), recency, age, horizon)
    assert bg_nbd_forecast.expected_purchases_given(*of)[0] == pytest.approx(mean, rel=1e-8)
    assert bg_nbd_forecast.purchases_variance_given(*of)[0] == pytest.approx(square - mean**2, rel=1e-7)
    assert bg_nbd_forecast.p_any_purchase_given(*of)[0] == pytest.approx(alive * (1 - share[0]), rel=1e-9)


@given(st.floats(0.05, 50), st.floats(0.1, 30), st.floats(0.1, 30), st.floats(-7, 4).map(np.exp))
@settings(max_examples=60)
def test_pairs_of_purchases_agree_with_an_independent_integration(
    shape: float, a: float, stay: float, reach: float
) -> None:
    def pairs(p: float) -> float:
        if p * reach < 1e-9:
            return shape * (shape + 1) * reach**2
        return float(2 * (1 - p) / p**2 * special.betainc(2, shape, p * reach / (1 + p * reach)))

    # over the logit of p the density has neither a pole nor an edge
    def integrand(logit: float) -> float:
        log_density = a * special.log_expit(logit) + stay * special.log_expit(-logit) - special.betaln(a, stay)
        return float(pairs(special.expit(logit)) * np.exp(log_density))

    peak = np.log(a / stay)
    ends = ((-60 / min(a, 1), peak), (peak, 35))
    low, high = (integrate.quad(integrand, *each, epsabs=0, limit=500)[0] for each in ends)
    expected = low + high
    told = pairs_by_integral(np.array([shape]), a, np.array([stay]), np.array([reach]))[0]
    assert told == pytest.approx(expected, rel=1e-6)


def test_without_dropout_the_variance_is_the_nbds() -> None:
    x, recency, age = np.array([0.0, 3.0, 10_000.0]), np.array([0.0, 200.0, 7305.0]), np.array([10.0, 200.0, 7305.0])
    told = bg_nbd_forecast.purchases_variance_given(BgNbd(0.7, 50.0, 1e-9, 1.0), x, recency, age, 365.25)
    assert told == pytest.approx(nbd.purchases_variance_given(nbd.Nbd(0.7, 50.0), x, age, 365.25), rel=1e-6)


@pytest.mark.parametrize("horizon", [0.5, 39.0, 365.0])
def test_the_nbds_distribution_has_the_moments_that_are_told(horizon: float) -> None:
    model = nbd.Nbd(0.7, 50.0)
    share = nbd.p_purchases(model, COUNTS, horizon)
    mean = share @ COUNTS
    assert share.sum() == pytest.approx(1, abs=1e-12)
    assert nbd.expected_purchases(model, NEW, NEW, horizon)[0] == pytest.approx(mean, rel=1e-12)
    told = nbd.purchases_variance_given(model, NEW, NEW, horizon)[0]
    assert told == pytest.approx(share @ (COUNTS - mean) ** 2, rel=1e-9)
    assert nbd.p_any_purchase_given(model, NEW, NEW, horizon)[0] == pytest.approx(1 - share[0], rel=1e-12)


def test_in_mbg_nbd_a_customer_may_have_left_after_the_first_purchase() -> None:
    model, silence = MbgNbd(0.5, 6.0, 0.9, 1.6), np.array([0.0, 10.0, 7305.0])
    alive = bg_nbd_forecast.p_alive(model, np.zeros(3), np.zeros(3), silence)
    assert alive[0] == pytest.approx(1.6 / 2.5)
    assert np.all(np.diff(alive) < 0)
