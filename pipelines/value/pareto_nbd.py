"""Pareto/NBD: customers buy at their own steady rate and may leave at any time.

Here: parameters, likelihood, fit. Not here: how the likelihood is computed fast (pareto_nbd_likelihood.py), what the
model says of a customer (pareto_nbd_forecast.py).
Source: Schmittlein, Morrison & Colombo 1987, "Counting Your Customers: Who Are They and What Will They Do Next?"
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.value import nbd
from pipelines.value.bg_nbd import LEAST_GAIN, MIN_CUSTOMERS
from pipelines.value.cells import PurchaseCells
from pipelines.value.newton import maximise
from pipelines.value.pareto_nbd_likelihood import Likelihood
from pipelines.value.report import FitStatus

Floats = NDArray[np.float64]

_START = np.log([0.5, 0.5, 0.5, 0.75])  # r, alpha, s, beta; times over the mean age: middling in every respect
# Beyond the box nothing changes that could be seen: a shape of 10,000 is customers who differ by 1 %.
_LOWER = np.log([1e-4, 1e-6, 1e-4, 1e-6])
_UPPER = np.log([1e4, 1e8, 1e4, 1e8])


@dataclass(frozen=True)
class ParetoNbd:
    """Parameters: purchase rates are gamma(r, alpha), dropout rates gamma(s, beta), independent of each other.

    alpha and beta are in the unit of time of the cells.
    """

    r: float
    alpha: float
    s: float
    beta: float


@dataclass(frozen=True)
class ParetoFit:
    """A fitted purchase model.

    Attributes:
        status: How it ended.
        model: ParetoNbd if fitted, Nbd if no dropout was found, else None.
        log_likelihood: Of `model`, summed over customers.
    """

    status: FitStatus
    model: ParetoNbd | nbd.Nbd | None
    log_likelihood: float | None


def log_likelihood(parameters: ParetoNbd, cells: PurchaseCells) -> float:
    """Weighted log-likelihood of the purchase times, summed over customers; comparable with that of BG/NBD and NBD."""
    value, _, _ = Likelihood(cells, 1.0).at(np.log(_as_array(parameters)))
    return float(value * cells.n_customers)


def gradient(parameters: ParetoNbd, cells: PurchaseCells) -> Floats:
    """Derivatives of `log_likelihood` by (r, alpha, s, beta), shape (4,)."""
    natural = _as_array(parameters)
    _, by_log, _ = Likelihood(cells, 1.0).at(np.log(natural))
    return by_log / natural * cells.n_customers


def hessian(parameters: ParetoNbd, cells: PurchaseCells) -> Floats:
    """Second derivatives of `log_likelihood` by (r, alpha, s, beta), shape (4, 4)."""
    natural = _as_array(parameters)
    _, by_log, by_log_log = Likelihood(cells, 1.0).at(np.log(natural))
    return (by_log_log - np.diag(by_log)) / np.outer(natural, natural) * cells.n_customers


def fit(cells: PurchaseCells) -> ParetoFit:
    """Maximum likelihood; where no dropout is found, the plain NBD.

    The NBD is the edge at which nobody leaves. Dropout is found only if it explains more than the NBD by more than
    chance would: near the edge s and beta are not determined, and P(alive) would be a number made of noise.
    """
    if cells.n_customers < MIN_CUSTOMERS:
        return ParetoFit(FitStatus.TOO_FEW_CUSTOMERS, None, None)
    scale = nbd.mean_age(cells)
    if scale <= 0 or not cells.repeats.any():
        return ParetoFit(FitStatus.NOT_CONVERGED, None, None)
    found = maximise(Likelihood(cells, scale).at, _START, _LOWER, _UPPER)
    value = found.value * cells.n_customers
    without = nbd.fit(cells)
    if without is not None and value - without[1] < LEAST_GAIN:
        return ParetoFit(FitStatus.NO_DROPOUT_FOUND, *without)
    if not found.is_converged:
        return ParetoFit(FitStatus.NOT_CONVERGED, None, None)
    r, alpha, s, beta = (float(each) for each in np.exp(found.at))
    return ParetoFit(FitStatus.FITTED, ParetoNbd(r, alpha * scale, s, beta * scale), value)


def _as_array(parameters: ParetoNbd) -> Floats:
    return np.array([parameters.r, parameters.alpha, parameters.s, parameters.beta])
