"""One interface to all purchase models: fit, rounding, and forecasts for cells of customers.

Here: calls to the functions of each model. Not here: any formula (the model's own modules).
"""

from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.value import bg_nbd, bg_nbd_forecast, nbd, pareto_nbd, pareto_nbd_forecast
from pipelines.value.bg_nbd import BgNbd, MbgNbd
from pipelines.value.cells import PurchaseCells, merged
from pipelines.value.nbd import Nbd
from pipelines.value.pareto_nbd import ParetoNbd
from pipelines.value.purchase_fit import MIN_CUSTOMERS, PurchaseFit
from pipelines.value.report import FitStatus
from pipelines.value.special import round_significant

Floats = NDArray[np.float64]
PurchaseModel = Nbd | BgNbd | ParetoNbd


class Kind(StrEnum):
    """The purchase models, from simple to complex."""

    NBD = "nbd"
    BG_NBD = "bg_nbd"
    MBG_NBD = "mbg_nbd"
    PARETO_NBD = "pareto_nbd"


_CLASSES: dict[Kind, type[PurchaseModel]] = {
    Kind.NBD: Nbd,
    Kind.BG_NBD: BgNbd,
    Kind.MBG_NBD: MbgNbd,
    Kind.PARETO_NBD: ParetoNbd,
}


def kind_of(model: PurchaseModel) -> Kind:
    """The kind of a model."""
    return next(kind for kind, cls in _CLASSES.items() if type(model) is cls)


def parameter_names(kind: Kind) -> tuple[str, ...]:
    """The names of a model's parameters, in their order."""
    return tuple(field.name for field in fields(_CLASSES[kind]))


def fit(kind: Kind, cells: PurchaseCells) -> PurchaseFit[PurchaseModel]:
    """Maximum likelihood; for a model with dropout, the NBD if no dropout is found."""
    found: PurchaseFit[BgNbd] | PurchaseFit[ParetoNbd]
    match kind:
        case Kind.NBD:
            return _fit_nbd(cells)
        case Kind.BG_NBD:
            found = bg_nbd.fit(cells)
        case Kind.MBG_NBD:
            found = bg_nbd.fit(cells, MbgNbd)
        case Kind.PARETO_NBD:
            found = pareto_nbd.fit(cells)
    return PurchaseFit(found.status, found.model, found.log_likelihood)


def fit_or_simpler(
    kind: Kind, cells: PurchaseCells, fit_one: Callable[[Kind, PurchaseCells], PurchaseFit[PurchaseModel]] = fit
) -> PurchaseFit[PurchaseModel]:
    """Like `fit`, but if no maximum is reached, the next simpler model that has one, as FELL_BACK.

    Args:
        kind: The requested model.
        cells: Customers.
        fit_one: The function that fits one model.

    Returns:
        The fit; if no simpler model has a maximum either, the fit of the requested model.
    """
    asked = fit_one(kind, cells)
    if asked.status is not FitStatus.NOT_CONVERGED:
        return asked
    kinds = list(Kind)
    for simpler in reversed(kinds[: kinds.index(kind)]):
        found = fit_one(simpler, cells)
        if found.model is not None:
            status = FitStatus.FELL_BACK if found.status is FitStatus.FITTED else found.status
            return PurchaseFit(status, found.model, found.log_likelihood)
    return asked


def of_parameters(kind: Kind, parameters: Mapping[str, float | None]) -> PurchaseModel | None:
    """The model with the reported parameters; None if they are not known."""
    known = {name: value for name, value in parameters.items() if value is not None}
    return _CLASSES[kind](**known) if known else None


def like(model: PurchaseModel, parameters: Floats) -> PurchaseModel:
    """The same kind of model with other parameters, shape (k,)."""
    return type(model)(*parameters.tolist())


def rounded(model: PurchaseModel, digits: int) -> PurchaseModel:
    """The model with every parameter rounded to `digits` significant digits."""
    return type(model)(*(round_significant(value, digits) for value in astuple(model)))


def log_likelihood(model: PurchaseModel, cells: PurchaseCells) -> float:
    """Log-likelihood of the purchase times, summed over customers; comparable between models."""
    match model:
        case Nbd():
            return nbd.log_likelihood(model, cells)
        case BgNbd():
            return bg_nbd.log_likelihood(model, cells)
        case ParetoNbd():
            return pareto_nbd.log_likelihood(model, cells)


def hessian(model: PurchaseModel, cells: PurchaseCells) -> Floats:
    """Second derivatives of `log_likelihood` by the parameters in their order, shape (k, k)."""
    match model:
        case Nbd():
            return nbd.hessian(model, cells)
        case BgNbd():
            return bg_nbd.hessian(model, cells)
        case ParetoNbd():
            return pareto_nbd.hessian(model, cells)


def p_alive(model: PurchaseModel, cells: PurchaseCells) -> Floats | None:
    """Probability of still being a customer, shape (n_cells,); None if the model has no dropout."""
    match model:
        case Nbd():
            return None
        case BgNbd():
            return bg_nbd_forecast.p_alive(model, cells.repeats, cells.recency, cells.age)
        case ParetoNbd():
            return pareto_nbd_forecast.p_alive(model, cells.repeats, cells.recency, cells.age)


def expected_purchases(model: PurchaseModel, cells: PurchaseCells, horizon: float) -> Floats:
    """Purchases expected in the `horizon` after the end of observation, shape (n_cells,)."""
    of = cells.repeats, cells.recency, cells.age, horizon
    match model:
        case Nbd():
            return nbd.expected_purchases(model, cells.repeats, cells.age, horizon)
        case BgNbd():
            return bg_nbd_forecast.expected_purchases_given(model, *of)
        case ParetoNbd():
            return pareto_nbd_forecast.expected_purchases_given(model, *of)


def expected_totals(model: PurchaseModel, cells: PurchaseCells, horizons: Floats) -> Floats:
    """Purchases expected of all customers together within each of the `horizons`, shape (n_horizons,).

    The horizon affects a forecast through x and T only. So P(alive) and the sums over t_x are computed once for all
    horizons.
    """
    alive = p_alive(model, cells)
    weights = cells.customers if alive is None else cells.customers * alive
    repeats, age, weights = merged((cells.repeats, cells.age), weights)
    totals = []
    for horizon in horizons.tolist():
        match model:
            case Nbd():
                each = nbd.expected_purchases(model, repeats, age, horizon)
            case BgNbd():
                each = bg_nbd_forecast.expected_while_alive(model, repeats, age, horizon)
            case ParetoNbd():
                each = pareto_nbd_forecast.expected_while_alive(model, repeats, age, horizon)
        totals.append(float(weights @ each))
    return np.array(totals)


def purchases_variance(model: PurchaseModel, cells: PurchaseCells, horizon: float) -> Floats:
    """Variance of these purchases, from both the unknown rates of the customer and chance, shape (n_cells,)."""
    of = cells.repeats, cells.recency, cells.age, horizon
    match model:
        case Nbd():
            return nbd.purchases_variance_given(model, cells.repeats, cells.age, horizon)
        case BgNbd():
            return bg_nbd_forecast.purchases_variance_given(model, *of)
        case ParetoNbd():
            return pareto_nbd_forecast.purchases_variance_given(model, *of)


def p_any_purchase(model: PurchaseModel, cells: PurchaseCells, horizon: float) -> Floats:
    """P(at least one purchase in the `horizon`), shape (n_cells,)."""
    of = cells.repeats, cells.recency, cells.age, horizon
    match model:
        case Nbd():
            return nbd.p_any_purchase_given(model, cells.repeats, cells.age, horizon)
        case BgNbd():
            return bg_nbd_forecast.p_any_purchase_given(model, *of)
        case ParetoNbd():
            return pareto_nbd_forecast.p_any_purchase_given(model, *of)


def _fit_nbd(cells: PurchaseCells) -> PurchaseFit[PurchaseModel]:
    if cells.n_customers < MIN_CUSTOMERS:
        return PurchaseFit(FitStatus.TOO_FEW_CUSTOMERS, None, None)
    found = nbd.fit(cells)
    return PurchaseFit(FitStatus.FITTED, *found) if found else PurchaseFit(FitStatus.NOT_CONVERGED, None, None)
