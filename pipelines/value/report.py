"""What a fit and the value step say about themselves.

Here: statuses and reports. Not here: numbers of a single customer.
"""

from dataclasses import dataclass
from enum import StrEnum


class FitStatus(StrEnum):
    """How a fit ended.

    Attributes:
        FITTED: Parameters are the maximum of the likelihood.
        NO_DROPOUT_FOUND: The data show no customer leaving; the model without dropout is used, P(alive) is unknown.
        TOO_FEW_CUSTOMERS: Too few customers to fit anything; scores are unknown.
        NOT_CONVERGED: No maximum exists or none was reached (nobody came back, for one); scores are unknown.
    """

    FITTED = "fitted"
    NO_DROPOUT_FOUND = "no_dropout_found"
    TOO_FEW_CUSTOMERS = "too_few_customers"
    NOT_CONVERGED = "not_converged"


@dataclass(frozen=True)
class ModelReport:
    """One model's fit, as written to value_parameters.parquet.

    Attributes:
        model: The purchase model that was asked for, or `gamma_gamma`.
        status: How the fit ended.
        parameters: Name to estimate (days, reporting currency); None where there is none.
        standard_errors: Name to standard error, to 6 digits; None where there is none.
        log_likelihood: At the estimates, to 10 significant digits; None where there is none.
        n_customers: Customers that the fit used.
        n_cells: Cells that they make.
    """

    model: str
    status: FitStatus
    parameters: dict[str, float | None]
    standard_errors: dict[str, float | None]
    log_likelihood: float | None
    n_customers: int
    n_cells: int


@dataclass(frozen=True)
class ValueReport:
    """What `score` did.

    Attributes:
        purchases: The purchase model.
        spend: The spend model.
        n_purchase_cells: Rows of purchase_scores.parquet.
        n_spend_cells: Rows of spend_scores.parquet.
    """

    purchases: ModelReport
    spend: ModelReport
    n_purchase_cells: int
    n_spend_cells: int
