"""Whether the value models suit the data: one verdict per check, and the worst of them per model.

Here: checks as pure functions of a few figures, and their file. Not here: the models, or how the figures are counted
(dbt_project: int_suitability_cell). How a forecast did on the holdout is not a check: rpt_clv_validation shows it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pyarrow as pa

from pipelines.config.model import ModelSettings
from pipelines.value import files

MODEL_SUITABILITY = "model_suitability"
EVERYBODY = "all"
_DECIMALS = 6
_SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("scope", pa.string()),
        ("reason", pa.string()),
        ("verdict", pa.string()),
        ("model_verdict", pa.string()),
        ("figure", pa.float64()),
        ("flag_limit", pa.float64()),
        ("refuse_limit", pa.float64()),
        ("n", pa.int64()),
    ]
)


class Verdict(StrEnum):
    """The result of a check, from best to worst, except that nothing follows from a check that was not possible."""

    NOT_TESTED = "not_tested"
    PASS = "pass"
    FLAG = "flag"
    REFUSE = "refuse"


class ModelKind(StrEnum):
    """The models that are checked."""

    PURCHASES = "purchase_model"
    SPEND = "spend_model"
    CONTRACTS = "contract_model"


@dataclass(frozen=True)
class Check:
    """One check of one model.

    Attributes:
        model: The model.
        scope: The customers or contracts that it describes.
        reason: What was checked.
        verdict: The result.
        figure: The figure that decided; None if it is not known.
        flag_limit: The limit from which the model is flagged; None if there is none.
        refuse_limit: The limit from which it does not run; None if there is none.
        n: The number of customers, contracts or days that the figure is of.
    """

    model: ModelKind
    scope: str
    reason: str
    verdict: Verdict
    figure: float | None
    flag_limit: float | None
    refuse_limit: float | None
    n: int


@dataclass(frozen=True)
class ShopFigures:
    """What is known of the shop on the as-of day; the row of suitability_cells.parquet.

    Attributes:
        n_customers: Customers with a purchase.
        n_repeat_customers: Of these, customers with at least two purchase days.
        n_regularity_tested: Customers with enough purchases to test whether they buy regularly.
        n_regular: Of these, customers who do.
        observed_days: Days on which purchases could be observed.
        unobserved_days: Days on which they could not.
        orders_period_days: The period that an order pays for if orders follow a contract; 0 if they do not.
    """

    n_customers: int
    n_repeat_customers: int
    n_regularity_tested: int
    n_regular: int
    observed_days: int
    unobserved_days: int
    orders_period_days: int

    @classmethod
    def read(cls, exchange: Path) -> "ShopFigures":
        """From suitability_cells.parquet.

        Raises:
            BuildError: The file is missing, unreadable or empty.
        """
        (row,) = files.read_cells(exchange, "suitability_cells").to_pylist()
        return cls(**row)


def above(
    model: ModelKind, reason: str, figure: float | None, flag: float | None, refuse: float | None, n: int, scope: str
) -> Check:
    """A check whose figure must not be above its limits."""
    if figure is None:
        verdict = Verdict.NOT_TESTED
    elif refuse is not None and figure > refuse:
        verdict = Verdict.REFUSE
    else:
        verdict = Verdict.FLAG if flag is not None and figure > flag else Verdict.PASS
    return Check(model, scope, reason, verdict, figure, flag, refuse, n)


def below(
    model: ModelKind, reason: str, figure: float, flag: float | None, refuse: float | None, n: int, scope: str
) -> Check:
    """A check whose figure must not be below its limits."""
    if refuse is not None and figure < refuse:
        verdict = Verdict.REFUSE
    else:
        verdict = Verdict.FLAG if flag is not None and figure < flag else Verdict.PASS
    return Check(model, scope, reason, verdict, figure, flag, refuse, n)


def purchase_checks(shop: ShopFigures, model: ModelSettings) -> Iterator[Check]:
    """The checks of the purchase model before it is fitted."""
    limits, kind, n = model.suitability, ModelKind.PURCHASES, shop.n_customers
    yield above(kind, "contract_declared", float(shop.orders_period_days), None, 0, n, EVERYBODY)
    is_tested = shop.n_regularity_tested >= limits.regular_min_customers
    regular = shop.n_regular / shop.n_regularity_tested if is_tested else None
    shares = limits.flag_regular_share, limits.refuse_regular_share
    yield above(kind, "regular_purchases", regular, *shares, shop.n_regularity_tested, EVERYBODY)
    yield below(kind, "few_customers", n, None, model.clv.fit_min_customers, n, EVERYBODY)
    least = limits.flag_repeat_customers, limits.refuse_repeat_customers
    yield below(kind, "few_repeat_customers", shop.n_repeat_customers, *least, n, EVERYBODY)
    days = shop.observed_days + shop.unobserved_days
    gaps = limits.flag_unobserved_share, limits.refuse_unobserved_share
    yield above(kind, "observation_gaps", shop.unobserved_days / days if days else None, *gaps, days, EVERYBODY)
    history = limits.flag_history_days, limits.refuse_history_days
    yield below(kind, "short_history", shop.observed_days, *history, shop.observed_days, EVERYBODY)


def spend_checks(
    shop: ShopFigures, n_customers: int, correlation: float | None, model: ModelSettings
) -> Iterator[Check]:
    """The checks of the spend model before it is fitted.

    Args:
        shop: The shop.
        n_customers: Customers with a repeat purchase of a known amount.
        correlation: Over them, of repeat days and mean spend; None if it is not known.
        model: The settings.
    """
    kind = ModelKind.SPEND
    yield above(kind, "contract_declared", float(shop.orders_period_days), None, 0, shop.n_customers, EVERYBODY)
    yield below(kind, "few_customers", n_customers, None, model.clv.fit_min_customers, n_customers, EVERYBODY)
    limits = model.clv.high_spend_correlation, model.suitability.refuse_spend_correlation
    size = None if correlation is None else abs(correlation)
    yield above(kind, "spend_correlation", size, *limits, n_customers, EVERYBODY)


def dropout_check(is_found: bool | None, n_customers: int) -> Check:
    """The check whether a fit found that customers leave. `is_found` is None without a fit."""
    figure = None if is_found is None else float(not is_found)
    return above(ModelKind.PURCHASES, "no_dropout_found", figure, 0, None, n_customers, EVERYBODY)


def worst(checks: Iterable[Check]) -> Verdict:
    """The worst verdict; a check that was not possible does not count."""
    order = list(Verdict)
    return max((check.verdict for check in checks if check.verdict is not Verdict.NOT_TESTED), key=order.index)


def is_refused(checks: Iterable[Check]) -> bool:
    """Whether the model must not run."""
    return worst(checks) is Verdict.REFUSE


def write_suitability(exchange: Path, checks: Sequence[Check]) -> None:
    """Write model_suitability.parquet: one row per model, scope and check."""
    rows = []
    for check in checks:
        of_model = [other for other in checks if (other.model, other.scope) == (check.model, check.scope)]
        row = {
            "model": str(check.model),
            "scope": check.scope,
            "reason": check.reason,
            "verdict": str(check.verdict),
            "model_verdict": str(worst(of_model)),
            "n": check.n,
        }
        numbers = {"figure": check.figure, "flag_limit": check.flag_limit, "refuse_limit": check.refuse_limit}
        rows.append(row | {name: None if x is None else round(float(x), _DECIMALS) for name, x in numbers.items()})
    files.write(exchange, MODEL_SUITABILITY, [pa.Table.from_pylist(rows, schema=_SCHEMA)])
