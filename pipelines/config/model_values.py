"""The types of business numbers. Each limits its decimals to what the build can store exactly."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

DECIMALS = 4
OF_INDUSTRY = "of the industry's preset"
# the mart's value for customers without a forecast
NOT_A_TIER = "no_forecast"


def _at_most(decimals: int) -> Callable[[float], float]:
    """A validator that rejects values with more decimals than the build stores."""

    def checked(value: float) -> float:
        if Decimal(repr(value)) != round(Decimal(repr(value)), decimals):
            raise ValueError(f"`{value}` has more than {decimals} decimals: round it")
        return value

    return checked


def tiers_in_order(tiers: dict[str, float]) -> dict[str, float]:
    """The tiers, unchanged.

    Raises:
        ValueError: They do not begin at 0, do not ascend, reach 1, or one has a reserved name.
    """
    shares = list(tiers.values())
    example = "for example {low: 0, middle: 0.5, top: 0.9}"
    if not shares or shares[0] != 0:
        raise ValueError(f"the first tier must begin at 0, {example}")
    if shares[-1] >= 1:
        raise ValueError(f"the last tier must begin below 1, because it would be empty otherwise, {example}")
    if any(share <= before for before, share in pairwise(shares)):
        raise ValueError(f"each tier must begin above the one before it, {example}")
    if NOT_A_TIER in tiers:
        raise ValueError(f"`{NOT_A_TIER}` is reserved for customers without a forecast: choose another name")
    return tiers


Number = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_at_most(DECIMALS))]
PreciseNumber = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_at_most(6))]
Share = Annotated[Number, Field(ge=0, le=1)]
Score = Annotated[Number, Field(ge=0, le=100)]
TierName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=40)]
