"""The reports of a fit and of the value step.

Here: statuses and reports. Not here: figures of a single customer.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from pydantic import ConfigDict

from pipelines.value.special import round_significant

_ERROR_DIGITS = 6


class FitStatus(StrEnum):
    """How a fit ended.

    Attributes:
        FITTED: Parameters are the maximum of the likelihood.
        FELL_BACK: The requested model has no maximum on these data; a simpler one was fitted.
        NO_DROPOUT_FOUND: The data do not show that customers leave. The model without dropout is used; P(alive) is
            unknown.
        TOO_FEW_CUSTOMERS: There are too few customers for a fit; scores are unknown.
        NOT_CONVERGED: No maximum exists or none was reached, for example because no customer bought again; scores are
            unknown.
        REFUSED: The model does not suit the data (model_suitability.parquet); it was not fitted and scores are unknown.
    """

    FITTED = "fitted"
    FELL_BACK = "fell_back"
    NO_DROPOUT_FOUND = "no_dropout_found"
    TOO_FEW_CUSTOMERS = "too_few_customers"
    NOT_CONVERGED = "not_converged"
    REFUSED = "refused"


@dataclass(frozen=True)
class ModelReport:
    """One model's fit, as written to value_parameters.parquet; k parameters in the model's order.

    Attributes:
        model: The model that was fitted, or that could not be fitted.
        asked_model: The requested model.
        status: How the fit ended.
        parameters: Name to estimate (days, reporting currency); None if there is no estimate.
        covariance: Covariance of the estimates, k rows of k; None if the likelihood does not determine it.
        log_likelihood: At the estimates, to 10 significant digits; None if there are none.
        n_customers: Number of customers that the fit used.
        n_cells: Number of their cells.
        spend_correlation: For Gamma-Gamma, the correlation of repeat days and their mean spend; the model assumes 0.
    """

    __pydantic_config__: ClassVar = ConfigDict(strict=True, allow_inf_nan=False, extra="forbid")

    model: str
    asked_model: str
    status: FitStatus
    parameters: dict[str, float | None]
    covariance: list[list[float]] | None
    log_likelihood: float | None
    n_customers: int
    n_cells: int
    spend_correlation: float | None = None

    @property
    def standard_errors(self) -> dict[str, float | None]:
        """Name to standard error, to 6 significant digits; None if there is none."""
        if self.covariance is None:
            return dict.fromkeys(self.parameters)
        return {
            name: round_significant(math.sqrt(self.covariance[at][at]), _ERROR_DIGITS)
            for at, name in enumerate(self.parameters)
        }


@dataclass(frozen=True)
class ValueReport:
    """The result of `score`.

    Attributes:
        purchases: The purchase model of the as-of day.
        spend: The spend model of the as-of day.
        n_purchase_cells: Rows of purchase_scores.parquet.
        n_fits: Fits in value_parameters.parquet.
        n_fresh_fits: The fits among them that were not in the cache.
        warnings: What a user of the forecasts should know.
    """

    purchases: ModelReport
    spend: ModelReport
    n_purchase_cells: int
    n_fits: int
    n_fresh_fits: int
    warnings: tuple[str, ...] = ()
