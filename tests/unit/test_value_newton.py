"""The maximiser finds the maximum, stays in its box, and says when there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.value.newton import Floats, maximise

WIDE = np.full(2, 50.0)


def hill(at: Floats) -> tuple[float, Floats, Floats]:
    """A smooth hill, not concave far from its top at (1, -2)."""
    away = at - np.array([1.0, -2.0])
    value = 1 / (1 + away @ away)
    return float(value), -2 * away * value**2, -2 * np.eye(2) * value**2 + 8 * np.outer(away, away) * value**3


def slope(at: Floats) -> tuple[float, Floats, Floats]:
    """Rises for ever in the first direction, peaks at 0 in the second."""
    value = -np.exp(-at[0]) - at[1] ** 2
    return float(value), np.array([np.exp(-at[0]), -2 * at[1]]), np.diag([-np.exp(-at[0]), -2.0])


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=2))
def test_every_start_leads_to_the_top(start: list[float]) -> None:
    found = maximise(hill, np.array(start), -WIDE, WIDE)
    assert found.is_converged
    np.testing.assert_allclose(found.at, [1.0, -2.0], rtol=1e-8)


def test_a_function_that_rises_for_ever_ends_at_the_bound() -> None:
    found = maximise(slope, np.array([0.0, 3.0]), np.array([-5.0, -5.0]), np.array([6.0, 5.0]))
    assert found.is_converged
    np.testing.assert_allclose(found.at, [6.0, 0.0], atol=1e-9)


def test_a_top_outside_the_box_gives_the_best_point_of_the_box() -> None:
    found = maximise(hill, np.array([4.0, 4.0]), np.array([2.0, -1.0]), np.array([5.0, 5.0]))
    assert found.is_converged
    np.testing.assert_allclose(found.at, [2.0, -1.0], atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_function_without_a_value_is_not_called_converged(bad: float) -> None:
    found = maximise(lambda at: (bad, np.full(2, bad), np.full((2, 2), bad)), np.zeros(2), -WIDE, WIDE)
    assert not found.is_converged


def test_a_function_whose_gradient_lies_is_not_called_converged() -> None:
    def liar(at: Floats) -> tuple[float, Floats, Floats]:
        return float(-(at @ at)), np.ones(2), -np.eye(2)

    assert not maximise(liar, np.zeros(2), -WIDE, WIDE).is_converged
