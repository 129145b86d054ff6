"""The value models give the figures of the papers, to every digit that was printed, on the CDNOW 1/10 sample."""

import numpy as np
import pytest

from pipelines.value import bg_nbd, bg_nbd_forecast, gamma_gamma
from pipelines.value.cells import PurchaseCells, SpendCells
from tests.unit.value_samples import Customers, packaged_cdnow, read_cdnow

PUBLISHED = bg_nbd.BgNbd(0.243, 4.414, 0.793, 2.426)  # Fader, Hardie & Lee 2005; weeks


@pytest.fixture(scope="module")
def cdnow() -> Customers:
    return read_cdnow(packaged_cdnow())


@pytest.fixture(scope="module")
def weeks(cdnow: Customers) -> PurchaseCells:
    return PurchaseCells.of(cdnow.repeats, cdnow.recency / 7, cdnow.age / 7)


@pytest.fixture(scope="module")
def fitted(weeks: PurchaseCells) -> bg_nbd.BgNbd:
    model = bg_nbd.fit(weeks).model
    assert isinstance(model, bg_nbd.BgNbd)
    return model


def test_the_sample_is_the_one_of_the_papers(cdnow: Customers) -> None:
    assert (cdnow.repeats.size, int((cdnow.repeats > 0).sum())) == (2357, 946)


def test_bg_nbd_parameters_and_likelihood_are_those_of_the_paper(weeks: PurchaseCells, fitted: bg_nbd.BgNbd) -> None:
    assert [f"{value:.3f}" for value in (fitted.r, fitted.alpha, fitted.a, fitted.b)] == [
        "0.243",
        "4.414",
        "0.793",
        "2.426",
    ]
    assert f"{bg_nbd.fit(weeks).log_likelihood:.1f}" == "-9582.4"
    assert f"{bg_nbd.log_likelihood(PUBLISHED, weeks):.1f}" == "-9582.4"


def test_expected_purchases_of_a_new_customer_are_those_of_the_paper(fitted: bg_nbd.BgNbd) -> None:
    expected = [f"{bg_nbd_forecast.expected_purchases(fitted, horizon):.4f}" for horizon in (1, 3, 32, 78)]
    assert expected == ["0.0532", "0.1506", "1.0437", "1.8580"]


def test_conditional_expectation_is_that_of_the_paper(fitted: bg_nbd.BgNbd) -> None:
    x, t_x, age = np.array([2.0]), np.array([30.43]), np.array([38.86])
    assert f"{bg_nbd_forecast.expected_purchases_given(fitted, x, t_x, age, 39)[0]:.3f}" == "1.226"


def test_conditional_expectations_sum_to_what_lifetimes_gives(weeks: PurchaseCells, fitted: bg_nbd.BgNbd) -> None:
    expected = bg_nbd_forecast.expected_purchases_given(fitted, weeks.repeats, weeks.recency, weeks.age, 39)
    assert f"{expected @ weeks.customers:.1f}" == "1653.4"


def test_gamma_gamma_parameters_are_those_of_the_note(cdnow: Customers) -> None:
    came_back = cdnow.repeats > 0
    found = gamma_gamma.fit(SpendCells.of(cdnow.repeats[came_back], cdnow.mean[came_back]))
    assert found.model is not None
    assert [f"{value:.2f}" for value in (found.model.p, found.model.q, found.model.gamma)] == ["6.25", "3.74", "15.44"]
