"""How RFM is scored: the group `model.rfm` of loyalty.yml."""

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pipelines.config.about import About
from pipelines.config.model_values import Number
from pipelines.config.parts import SettingsPart

_NEEDED = 4


def _four_ascending(example: str) -> Callable[[tuple[float, ...]], tuple[float, ...]]:
    """A validator that rejects anything but four ascending numbers."""

    def checked(numbers: tuple[float, ...]) -> tuple[float, ...]:
        if len(numbers) != _NEEDED:
            raise ValueError(f"must be {_NEEDED} numbers between the 5 scores, but has {len(numbers)}, {example}")
        for low, high in pairwise(numbers):
            if low >= high:
                raise ValueError(f"the numbers must ascend, but {high:g} follows {low:g}, {example}")
        return numbers

    return checked


def _four_amounts(numbers: tuple[float, ...] | None) -> tuple[float, ...] | None:
    return None if numbers is None else _four_ascending("for example [50, 100, 250, 1000]")(numbers)


class RfmModel(SettingsPart):
    """How recency, frequency and monetary value are scored from 1 to 5."""

    method: Annotated[
        Literal["quantile", "fixed", "own_gap"],
        About(
            "`quantile`: the scores are quintiles of the active customers. `fixed`: the scores are decided by the"
            " thresholds below. `own_gap`: recency is measured in the customer's own purchase gaps and scored by"
            " recency_gaps; frequency and monetary value are scored by quintiles.",
            "Quintiles fit every shop without knowing it. Use fixed to compare shops or years, and own_gap if some"
            " customers buy weekly and others yearly.",
            var="rfm_method",
        ),
    ] = "quantile"
    recency_days: Annotated[
        tuple[Annotated[Number, Field(ge=0, le=36_500)], ...],
        AfterValidator(_four_ascending("for example [30, 90, 180, 365]")),
        About(
            "With method fixed: days since the last purchase. Below the first number the score is 5, from the last"
            " number on it is 1.",
            "These are a month, a quarter, half a year and a year.",
            "days",
            var="rfm_recency_days",
        ),
    ] = (30, 90, 180, 365)
    recency_gaps: Annotated[
        tuple[Annotated[Number, Field(ge=0, le=1_000)], ...],
        AfterValidator(_four_ascending("for example [0.5, 1, 2, 4]")),
        About(
            "With method own_gap: the silence of the level, in the customer's own gaps. Below the first number the"
            " score is 5, from the last number on it is 1.",
            "If purchases are random, 61, 37, 14 and 2 of 100 gaps are longer than these.",
            "own gaps",
            var="rfm_recency_gaps",
        ),
    ] = (0.5, 1, 2, 4)
    frequency: Annotated[
        tuple[Annotated[Number, Field(ge=0, le=1_000_000)], ...],
        AfterValidator(_four_ascending("for example [1, 2, 4, 8]")),
        About(
            "With method fixed: purchase days. Up to the first number the score is 1, above the last number it is 5.",
            "The first purchases change most: who buys a second time is often kept. Therefore the steps double.",
            "purchase days",
            var="rfm_frequency",
        ),
    ] = (1, 2, 4, 8)
    monetary: Annotated[
        tuple[Annotated[Number, Field(ge=-1_000_000_000, le=1_000_000_000)], ...] | None,
        AfterValidator(_four_amounts),
        About(
            "With method fixed: purchases less returns to date. Up to the first number the score is 1, above the last"
            " number it is 5.",
            "No amount is usual in every shop and currency. Method fixed needs this key.",
            "reporting currency",
            shown="none",
            var="rfm_monetary",
        ),
    ] = None

    @model_validator(mode="after")
    def _monetary_is_given(self) -> Self:
        if self.method == "fixed" and self.monetary is None:
            raise ValueError(
                "method fixed needs monetary: four ascending amounts in the reporting currency,"
                " for example [50, 100, 250, 1000]"
            )
        return self
