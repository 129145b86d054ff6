"""Whether intervals hold what they promise, on purchases that the model did not know: of customers, and of the total.

Here: intervals predicted at a cut against what was bought after it. Not here: how an interval is made (uncertainty.py),
or which model is used (holdout.py). The result of this check decides nothing and widens no interval.
"""

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.value import purchase_model, uncertainty
from pipelines.value.holdout import Bin
from pipelines.value.purchase_model import PurchaseModel
from pipelines.value.validation import HoldoutCells

Floats = NDArray[np.float64]

LEVELS = (80, 95)  # percent, as in customer_clv


@dataclass(frozen=True)
class IntervalCheck:
    """Intervals of one level, predicted at the cut, and what happened after it.

    Attributes:
        level: Percent that the interval was asked to hold.
        customers: Of each customer's purchases. `low` and `high` are the mean ends. `predicted` is the share of
            customers that the model expects inside the intervals (above the level, since counts are whole). `actual`
            is the share inside.
        total: Of all customers' purchases, per customer. `low` to `high` is the interval, `predicted` the mean,
            `actual` what was bought. The ends are NaN if the parameters have no standard errors.
    """

    level: int
    customers: Bin
    total: Bin


def check_intervals(model: PurchaseModel, cells: HoldoutCells) -> tuple[IntervalCheck, ...]:
    """For each of LEVELS, in their order.

    Args:
        model: As fitted up to the cut.
        cells: The holdout.
    """
    mean = purchase_model.expected_purchases(model, cells.known, cells.horizon)
    variance = purchase_model.purchases_variance(model, cells.known, cells.horizon)
    customers = cells.known.customers
    total, of_total = float(customers @ mean), _total_variance(model, cells, float(customers @ variance))
    return tuple(
        IntervalCheck(
            level, _of_customers(model, cells, mean, variance, level), _of_total(cells, total, of_total, level)
        )
        for level in LEVELS
    )


def _of_customers(model: PurchaseModel, cells: HoldoutCells, mean: Floats, variance: Floats, level: int) -> Bin:
    some = purchase_model.p_any_purchase(model, cells.known, cells.horizon)
    low, high = uncertainty.count_interval(mean, variance, level / 100, some)
    predicted = uncertainty.share_within(mean, variance, low, high, some)
    is_inside = (low <= cells.bought) & (cells.bought <= high)
    total = cells.known.n_customers
    ends_and_shares = (float(cells.known.customers @ each) / total for each in (low, high, predicted, is_inside))
    low_end, high_end, predicted_share, actual_share = ends_and_shares
    return Bin(low=low_end, high=high_end, customers=total, predicted=predicted_share, actual=actual_share)


def _of_total(cells: HoldoutCells, mean: float, variance: float, level: int) -> Bin:
    low, high = total_interval(mean, variance, level)
    n = cells.known.n_customers
    actual = float(cells.known.customers @ cells.bought)
    return Bin(low=low / n, high=high / n, customers=n, predicted=mean / n, actual=actual / n)


def total_interval(mean: float, variance: float, level: int) -> tuple[float, float]:
    """Ends of the interval of a total, whole; NaN where its variance is not known."""
    if not np.isfinite(variance):
        return float("nan"), float("nan")
    low, high = uncertainty.count_interval(np.array([mean]), np.array([variance]), level / 100)
    return float(low[0]), float(high[0])


def _total_variance(model: PurchaseModel, cells: HoldoutCells, of_customers: float) -> float:
    history, horizon = cells.history(), np.array([cells.horizon])

    def total(parameters: Floats) -> float:
        return float(purchase_model.expected_totals(type(model)(*parameters.tolist()), history, horizon)[0])

    of_parameters = uncertainty.covariance(purchase_model.hessian(model, history))
    return uncertainty.total_variance(np.array(astuple(model)), of_parameters, total, of_customers)
