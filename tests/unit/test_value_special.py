"""Special functions keep their digits where the textbook form loses them."""

from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.value.special import digamma_rise, log_rising, round_significant, trigamma


@pytest.mark.parametrize("z", [1, 2, 39, 40, 41, 1000, 10**6, 10**9])
@pytest.mark.parametrize("n", [0, 1, 7, 300])
def test_log_rising_is_the_log_of_the_product(z: int, n: int) -> None:
    truth = sum(log(z + k) for k in range(n))
    assert float(log_rising(z, n)) == pytest.approx(truth, rel=1e-12, abs=1e-12)


@given(st.floats(1e-3, 1e6), st.integers(1, 10_000))
def test_log_rising_adds_up_step_by_step(z: float, n: int) -> None:
    step = float(log_rising(z, n)) - float(log_rising(z, n - 1))
    assert step == pytest.approx(log(z + n - 1), abs=1e-10 * (1 + abs(float(log_rising(z, n)))))


@pytest.mark.parametrize("n", [1, 5, 40])
def test_digamma_rise_is_a_sum_of_reciprocals(n: int) -> None:
    assert float(digamma_rise(3, n)) == pytest.approx(float(sum(Fraction(1, 3 + k) for k in range(n))), rel=1e-13)


def test_trigamma_of_one_is_pi_squared_over_six() -> None:
    assert float(trigamma(1.0)) == pytest.approx(np.pi**2 / 6, rel=1e-14)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.24259452243, 0.24259452), (30.895214133, 30.895214), (1e-9, 1e-9), (123456789.0, 123456790.0)],
)
def test_eight_significant_digits_are_kept(value: float, rounded: float) -> None:
    assert round_significant(value, 8) == rounded
