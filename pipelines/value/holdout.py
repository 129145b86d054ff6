"""Compares forecasts made at a cut with the actual purchases after it.

Here: the score of a forecast, the choice between models, and tables that show where a forecast is wrong. Not here:
fitting, or the forecasts themselves.
Sources: the Poisson deviance is a proper score of a mean (Gneiting 2011, "Making and Evaluating Point Forecasts"): the
true mean has the best expected score. This does not apply to the mean absolute error: if most customers buy nothing,
zero for everybody has the best score. One standard error for the simpler model: Breiman et al. 1984, "Classification
and Regression Trees".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

_LEAST_EXPECTED = 1e-9  # a forecast of 0 would have an infinite deviance for customers who buy


@dataclass(frozen=True)
class ForecastScore:
    """How one forecast did, over customers.

    Attributes:
        name: Whose forecast.
        deviance: Mean Poisson deviance; the score that decides.
        deviance_gap: Its distance from the best of those compared.
        deviance_gap_error: Standard error of that distance over customers, paired: the limit of the paired bootstrap.
        mean_absolute_error: Purchases; shown, and decides nothing.
        expected: Purchases expected of all.
        bought: Purchases made by all.
    """

    name: str
    deviance: float
    deviance_gap: float
    deviance_gap_error: float
    mean_absolute_error: float
    expected: float
    bought: float

    @property
    def total_error(self) -> float:
        """(expected - bought) / bought; NaN where nothing was bought."""
        return (self.expected - self.bought) / self.bought if self.bought else float("nan")


@dataclass(frozen=True)
class Bin:
    """A group of customers: their actual purchases and the predicted ones.

    Attributes:
        low: The smallest value of what the bin is by.
        high: The largest.
        customers: How many.
        predicted: Mean of the forecast (or probability).
        actual: Mean of what happened.
    """

    low: float
    high: float
    customers: float
    predicted: float
    actual: float


def poisson_deviance(bought: Floats, expected: Floats) -> Floats:
    """2 [y log(y / m) - (y - m)] of each count y and its forecast m, shape (n,); 0 where they are equal."""
    at_least = np.maximum(expected, _LEAST_EXPECTED)
    return np.asarray(2 * (special.xlogy(bought, bought / at_least) - (bought - at_least)), dtype=np.float64)


def compare(forecasts: Mapping[str, Floats], bought: Floats, customers: Floats) -> list[ForecastScore]:
    """Score forecasts of the same cells.

    Args:
        forecasts: Name to expected purchases, each of shape (n,).
        bought: Purchases in the holdout, shape (n,).
        customers: Customers a cell, shape (n,).

    Returns:
        In the order of `forecasts`.
    """
    deviances = {name: poisson_deviance(bought, expected) for name, expected in forecasts.items()}
    weights = customers / customers.sum()
    means = {name: float(weights @ deviance) for name, deviance in deviances.items()}
    best = deviances[min(means, key=lambda name: means[name])]
    scores = []
    for name, expected in forecasts.items():
        deviance_gap = deviances[name] - best
        mean = float(weights @ deviance_gap)
        spread = float(weights @ (deviance_gap - mean) ** 2)
        scores.append(
            ForecastScore(
                name=name,
                deviance=means[name],
                deviance_gap=mean,
                deviance_gap_error=float(np.sqrt(spread / customers.sum())),
                mean_absolute_error=float(weights @ np.abs(bought - expected)),
                expected=float(customers @ expected),
                bought=float(customers @ bought),
            )
        )
    return scores


def choose(scores: Sequence[ForecastScore]) -> str:
    """The first of them, from simple to complex, that is not worse than the best by more than one standard error."""
    return next(score.name for score in scores if score.deviance_gap <= score.deviance_gap_error)


def by_frequency(repeats: Floats, expected: Floats, bought: Floats, customers: Floats, last: int = 7) -> list[Bin]:
    """Purchases predicted and made by customers of 0, 1, ... `last` and more repeat days before the cut."""
    which = np.minimum(repeats, last)
    return [_bin(repeats, expected, bought, customers, which == each) for each in np.unique(which)]


def calibration(predicted: Floats, happened: Floats, customers: Floats, bins: int = 10) -> list[Bin]:
    """What happened to customers with about the same predicted probability, in bins of about equally many.

    Args:
        predicted: P(at least one purchase), shape (n,).
        happened: 1 where there was one, shape (n,).
        customers: Customers a cell, shape (n,).
        bins: How many at most; equal probabilities are never parted.
    """
    order = np.argsort(predicted, kind="stable")
    share = np.cumsum(customers[order]) / customers.sum()
    values, first = np.unique(predicted[order], return_index=True)
    through = np.append(share[first[1:] - 1], 1.0)  # of customers up to each distinct probability
    middle = (np.append(0.0, through[:-1]) + through) / 2
    which = np.floor(middle * bins)
    of_cell = which[np.searchsorted(values, predicted)]
    return [_bin(predicted, predicted, happened, customers, of_cell == each) for each in np.unique(of_cell)]


def _bin(by: Floats, predicted: Floats, actual: Floats, customers: Floats, inside: NDArray[np.bool_]) -> Bin:
    weights = customers[inside]
    total = float(weights.sum())
    return Bin(
        low=float(by[inside].min()),
        high=float(by[inside].max()),
        customers=total,
        predicted=float(weights @ predicted[inside]) / total,
        actual=float(weights @ actual[inside]) / total,
    )
