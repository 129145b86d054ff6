"""The value step as a whole: which models suit the data, then their fits and scores, the return curve, and contracts.

Here: the order of the parts. Not here: what each of them does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.config.model import ModelSettings
from pipelines.value.contracts import write_contracts
from pipelines.value.report import FitStatus, ValueReport
from pipelines.value.returns import write_return_curves
from pipelines.value.scoring import score, spend_figures
from pipelines.value.suitability import (
    Check,
    ModelKind,
    ShopFigures,
    Verdict,
    dropout_check,
    is_refused,
    purchase_checks,
    spend_checks,
    write_suitability,
)

_USUAL = ModelSettings()
_FITTED = (FitStatus.FITTED, FitStatus.FELL_BACK, FitStatus.NO_DROPOUT_FOUND)


@dataclass(frozen=True)
class StepReport:
    """The result of `estimate`.

    Attributes:
        value: The purchase and spend models.
        n_curves: Return curves.
        n_refused: Models that do not suit the data and did not run.
        warnings: What a user of the forecasts should know.
    """

    value: ValueReport
    n_curves: int
    n_refused: int
    warnings: tuple[str, ...]


def estimate(exchange: Path, as_of: date, model: ModelSettings = _USUAL) -> StepReport:
    """Check which models suit the data, run those, and write all files of the step.

    Besides the files of `score`, `write_return_curves` and `write_contracts` it writes model_suitability.parquet.

    Args:
        exchange: Folder with the cells.
        as_of: The day whose fits are used.
        model: The business numbers.

    Raises:
        BuildError: Cells are missing, unreadable or impossible.
    """
    shop = ShopFigures.read(exchange)
    of_kind: dict[ModelKind, list[Check]] = {
        ModelKind.PURCHASES: list(purchase_checks(shop, model)),
        ModelKind.SPEND: list(spend_checks(shop, *spend_figures(exchange, as_of), model)),
    }
    refused = [kind for kind, checks in of_kind.items() if is_refused(checks) and not _has_few_customers(checks)]
    value = score(exchange, as_of, model.clv, refused=refused)
    status = value.purchases.status
    found = status is not FitStatus.NO_DROPOUT_FOUND if status in _FITTED else None
    of_kind[ModelKind.PURCHASES].append(dropout_check(found, value.purchases.n_customers))
    n_curves = write_return_curves(exchange, model.level)
    of_contracts = write_contracts(exchange, model)
    checks = [check for part in of_kind.values() for check in part] + of_contracts
    write_suitability(exchange, checks)
    n_refused = len({(check.model, check.scope) for check in checks if check.verdict is Verdict.REFUSE})
    did_not_run = [check for kind in refused for check in of_kind[kind]] + of_contracts
    return StepReport(value, n_curves, n_refused, (*value.warnings, *_warnings(did_not_run)))


def _has_few_customers(checks: Sequence[Check]) -> bool:
    """Then the fit itself has the status too_few_customers, and nothing else has to be said."""
    return any(check.reason == "few_customers" and check.verdict is Verdict.REFUSE for check in checks)


def _warnings(checks: Sequence[Check]) -> Iterator[str]:
    for check in checks:
        if check.verdict is Verdict.REFUSE and check.reason != "no_contracts":
            yield (
                f"{check.model} ({check.scope}) does not suit the data: {check.reason} is {check.figure:g}, the limit"
                f" is {check.refuse_limit:g}; its columns are NULL (rpt_model_suitability)"
            )
