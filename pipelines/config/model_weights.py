"""The weights of scores. The weights of each group sum to 1."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import model_validator

from pipelines.config.about import About
from pipelines.config.model_values import Share
from pipelines.config.parts import SettingsPart


class Weights(SettingsPart):
    """Weights that sum to exactly 1."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        weights: dict[str, float] = dict(self)
        total = sum((Decimal(repr(weight)) for weight in weights.values()), Decimal(0))
        if total != 1:
            given = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
            raise ValueError(f"the weights must sum to 1, but {given} sum to {total.normalize():f}")
        return self


_UNSCORED = "Not scored yet, so this weight only lowers coverage."


class DimensionWeights(Weights):
    """Weights of the dimensions in loyalty_score; they sum to 1."""

    behaviour: Annotated[Share, About("Weight of the behaviour score in loyalty_score.", unit="weight")] = 0.40
    attitude: Annotated[Share, About("Weight of the attitude score in loyalty_score.", unit="weight")] = 0.25
    emotion: Annotated[
        Share,
        About(f"Weight of the emotion score in loyalty_score. {_UNSCORED}", unit="weight"),
    ] = 0.20
    cognition: Annotated[
        Share,
        About(f"Weight of the cognition score in loyalty_score. {_UNSCORED}", unit="weight"),
    ] = 0.15


class BehaviourWeights(Weights):
    """Weights of the parts of the behaviour score; they sum to 1."""

    spend: Annotated[Share, About("Weight of decayed net spend in the behaviour score.", unit="weight")] = 0.50
    frequency: Annotated[Share, About("Weight of decayed purchase days in the behaviour score.", unit="weight")] = 0.20
    recency: Annotated[Share, About("Weight of recency in the behaviour score.", unit="weight")] = 0.15
    breadth: Annotated[Share, About("Weight of breadth of categories in the behaviour score.", unit="weight")] = 0.15


class AttitudeWeights(Weights):
    """Weights of the constructs in the attitude score; they sum to 1."""

    nps: Annotated[Share, About("Weight of NPS answers in the attitude score.", unit="weight")] = 0.50
    csat: Annotated[Share, About("Weight of CSAT answers in the attitude score.", unit="weight")] = 0.20
    ces: Annotated[Share, About("Weight of CES answers in the attitude score.", unit="weight")] = 0.10
    review: Annotated[
        Share,
        About(f"Weight of review scores in the attitude score. {_UNSCORED}", unit="weight"),
    ] = 0.10
    sentiment: Annotated[
        Share,
        About(f"Weight of sentiment in the attitude score. {_UNSCORED}", unit="weight"),
    ] = 0.10
