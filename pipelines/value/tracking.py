"""Weekly tracking: actual purchases after a cut, compared with the model's prediction.

Here: both, week by week, added up since the cut. Not here: the score of a forecast (holdout.py), which alone decides.
Source: the cumulative tracking plot of Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way".
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.value import purchase_model
from pipelines.value.cells import PurchaseCells
from pipelines.value.holdout import Bin
from pipelines.value.purchase_model import PurchaseModel

Floats = NDArray[np.float64]

DAYS_A_WEEK = 7.0


def n_weeks(horizon: float, week: float = DAYS_A_WEEK) -> int:
    """Weeks that a holdout spans, the last one possibly cut short."""
    return int(np.ceil(horizon / week))


def track(
    model: PurchaseModel, history: PurchaseCells, by_week: Floats, horizon: float, week: float = DAYS_A_WEEK
) -> tuple[Bin, ...]:
    """Purchases predicted and made since the cut, by the end of each week.

    Args:
        model: As fitted up to the cut.
        history: Customers known at the cut.
        by_week: Their purchases in each week after it, shape (n_weeks(horizon),).
        horizon: Length of the holdout, in the unit of time of `history`; the last week ends with it.
        week: Length of a week in that unit.

    Returns:
        One bin per week. `low` is the time from the cut to its beginning, `high` to its end. `predicted` and `actual`
        are mean purchases per customer from the cut to its end, so that the last week's are those of the whole holdout.

    Raises:
        ValueError: `by_week` has another number of weeks.
    """
    if by_week.shape != (n_weeks(horizon, week),):
        raise ValueError(f"a holdout of {horizon / week:g} weeks has {n_weeks(horizon, week)}, not {by_week.size}")
    ends = np.minimum(week * np.arange(1, by_week.size + 1), horizon)
    predicted = purchase_model.expected_totals(model, history, ends) / history.n_customers
    actual = np.cumsum(by_week) / history.n_customers
    begins = np.append(0.0, ends[:-1])
    return tuple(
        Bin(low=low, high=high, customers=history.n_customers, predicted=by_then, actual=bought)
        for low, high, by_then, bought in zip(
            begins.tolist(), ends.tolist(), predicted.tolist(), actual.tolist(), strict=True
        )
    )
