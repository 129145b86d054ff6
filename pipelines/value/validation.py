"""Compares the models: each is fitted up to a cut, and its forecast of the time after it is compared with naive ones.

Here: the participants, the choice, and the chosen model's results by frequency and by probability. Not here: the score
itself (holdout.py), the models (purchase_model.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.value import purchase_model
from pipelines.value.cells import PurchaseCells, merged
from pipelines.value.holdout import Bin, ForecastScore, by_frequency, calibration, choose, compare
from pipelines.value.nbd import Nbd
from pipelines.value.purchase_model import Kind, PurchaseModel

Floats = NDArray[np.float64]

POOLED_MEAN, OWN_RATE, LAST_YEAR = "pooled_mean", "own_rate", "last_year"
_PARAMETER_DIGITS = 8


@dataclass(frozen=True)
class HoldoutCells:
    """Customers known at a cut, with their history at the cut and their purchases after it; arrays of shape (n_cells,).

    Attributes:
        known: Cells by (x, t_x, T) at the cut; equal histories appear once per number of later purchases.
        bought: Purchase days in the holdout.
        horizon: Length of the holdout, in the unit of time of `known`.
    """

    known: PurchaseCells
    bought: Floats
    horizon: float

    @classmethod
    def of(
        cls,
        repeats: ArrayLike,
        recency: ArrayLike,
        age: ArrayLike,
        bought: ArrayLike,
        horizon: float,
        customers: ArrayLike | None = None,
    ) -> "HoldoutCells":
        """Check, sort and merge; arrays of one length, with the units and rules of PurchaseCells.

        Raises:
            ValueError: An array breaks a rule, or the counts are not whole and not negative.
        """
        counts = np.asarray(bought, dtype=np.float64)
        if np.any((counts < 0) | (counts != np.floor(counts))):
            raise ValueError("purchases in a holdout must be whole and not negative")
        PurchaseCells.of(repeats, recency, age, customers)  # its checks
        x, t_x, big_t = (np.asarray(each, dtype=np.float64) for each in (repeats, recency, age))
        n = np.ones(counts.shape) if customers is None else np.asarray(customers, dtype=np.float64)
        x, t_x, big_t, counts, n = merged((x, t_x, big_t, counts), n)
        return cls(PurchaseCells(x, t_x, big_t, n), counts, horizon)

    def history(self) -> PurchaseCells:
        """The cells at the cut, each once; a model is fitted on them."""
        return PurchaseCells.of(self.known.repeats, self.known.recency, self.known.age, self.known.customers)

    def own_rate(self) -> Floats:
        """(x + 1) / T times the horizon: each customer continues at the same rate, including the first purchase.

        T is at least the horizon. Otherwise a customer of yesterday would be expected to buy every day, and this
        forecast would be too easy to beat.
        """
        return (self.known.repeats + 1) / np.maximum(self.known.age, self.horizon) * self.horizon


@dataclass(frozen=True)
class Validation:
    """The result of a comparison.

    Attributes:
        models: Scores of the models that could be fitted, from simple to complex.
        peers: Scores of the forecasts that need no model.
        chosen: The model to use.
        fitted: The chosen model as fitted up to the cut.
        ended_at: The model that each fit ended at: the NBD if no dropout was found.
        beats_naive: Whether the chosen model's deviance is below every peer's.
        seasonal_index: Purchases of last year's window over those of steady buyers; None without two years.
        frequency: The chosen model by repeat days before the cut.
        probability: The chosen model by P(at least one purchase).
    """

    models: tuple[ForecastScore, ...]
    peers: tuple[ForecastScore, ...]
    chosen: Kind
    fitted: PurchaseModel
    ended_at: Mapping[Kind, Kind]
    beats_naive: bool
    seasonal_index: float | None
    frequency: tuple[Bin, ...]
    probability: tuple[Bin, ...]


def validate(
    cells: HoldoutCells, last_year: HoldoutCells | None = None, kinds: Sequence[Kind] = tuple(Kind)
) -> Validation | None:
    """Fit each model up to the cut and compare its forecast with the actual purchases.

    Args:
        cells: The holdout.
        last_year: The same window a year earlier, with the history at its beginning; None without two years of data.
        kinds: The models, from simple to complex.

    Returns:
        None if no model could be fitted at the cut.
    """
    history = cells.history()
    found = {kind: purchase_model.fit(kind, history).model for kind in kinds}
    fitted = {
        kind: purchase_model.rounded(model, _PARAMETER_DIGITS) for kind, model in found.items() if model is not None
    }
    if not fitted:
        return None
    forecasts = {
        str(kind): purchase_model.expected_purchases(model, cells.known, cells.horizon)
        for kind, model in fitted.items()
    }
    index = seasonal_index(last_year) if last_year is not None else None
    naive = _naive(cells, index)
    scores = compare(forecasts | naive, cells.bought, cells.known.customers)
    models = compare(forecasts, cells.bought, cells.known.customers)
    chosen = Kind(choose(_simple_first(models, fitted)))
    deviance = {score.name: score.deviance for score in scores}
    any_purchase = purchase_model.p_any_purchase(fitted[chosen], cells.known, cells.horizon)
    happened = (cells.bought > 0).astype(np.float64)
    return Validation(
        models=tuple(models),
        peers=tuple(score for score in scores if score.name in naive),
        chosen=chosen,
        fitted=fitted[chosen],
        ended_at={kind: purchase_model.kind_of(model) for kind, model in fitted.items()},
        beats_naive=all(deviance[chosen] < deviance[name] for name in naive),
        seasonal_index=index,
        frequency=tuple(by_frequency(cells.known.repeats, forecasts[chosen], cells.bought, cells.known.customers)),
        probability=tuple(calibration(any_purchase, happened, cells.known.customers)),
    )


def seasonal_index(last_year: HoldoutCells) -> float | None:
    """Purchases in a window over those expected from the own rates at its beginning; None if these are 0."""
    customers = last_year.known.customers
    expected = float(customers @ last_year.own_rate())
    return float(customers @ last_year.bought) / expected if expected > 0 else None


def _simple_first(scores: Sequence[ForecastScore], fitted: Mapping[Kind, PurchaseModel]) -> list[ForecastScore]:
    """From simple to complex, but fits without dropout come last, and of these the NBD itself at the end.

    Likelihood detects dropout better than a few months of purchases do, so a tie on the holdout must not reverse it. If
    no model found dropout, a model that can find it is selected, so that each fit tests again for it. A model without
    dropout that forecasts better by more than chance is still chosen.
    """
    return sorted(scores, key=lambda score: (isinstance(fitted[Kind(score.name)], Nbd), score.name == Kind.NBD))


def _naive(cells: HoldoutCells, index: float | None) -> dict[str, Floats]:
    known = cells.known
    pooled = float(known.customers @ known.repeats) / max(float(known.customers @ known.age), 1.0)
    naive = {POOLED_MEAN: np.full(known.repeats.shape, pooled * cells.horizon), OWN_RATE: cells.own_rate()}
    return naive if index is None else naive | {LAST_YEAR: index * naive[OWN_RATE]}
