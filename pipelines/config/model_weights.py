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


def _weight(of: str, score: str) -> About:
    """The description of a weight."""
    return About(f"Weight of {of} in {score}.", unit="weight")


class DimensionWeights(Weights):
    """Weights of the dimensions in loyalty_score; they sum to 1."""

    behaviour: Annotated[Share, _weight("the behaviour score", "loyalty_score")] = 0.40
    attitude: Annotated[Share, _weight("the attitude score", "loyalty_score")] = 0.25
    emotion: Annotated[Share, _weight("the emotion score", "loyalty_score")] = 0.20
    cognition: Annotated[Share, _weight("the cognition score", "loyalty_score")] = 0.15


class BehaviourWeights(Weights):
    """Weights of the parts of the behaviour score; they sum to 1."""

    spend: Annotated[Share, _weight("decayed net spend", "the behaviour score")] = 0.50
    frequency: Annotated[Share, _weight("decayed purchase days", "the behaviour score")] = 0.20
    recency: Annotated[Share, _weight("recency", "the behaviour score")] = 0.15
    breadth: Annotated[Share, _weight("breadth of categories", "the behaviour score")] = 0.15


class AttitudeWeights(Weights):
    """Weights of the constructs in the attitude score; they sum to 1."""

    nps: Annotated[Share, _weight("NPS answers", "the attitude score")] = 0.50
    csat: Annotated[Share, _weight("CSAT answers", "the attitude score")] = 0.20
    ces: Annotated[Share, _weight("CES answers", "the attitude score")] = 0.10
    review: Annotated[Share, _weight("review scores", "the attitude score")] = 0.10
    sentiment: Annotated[Share, _weight("sentiment", "the attitude score")] = 0.10


class EmotionWeights(Weights):
    """Weights of the parts of the emotion score; they sum to 1."""

    bond: Annotated[
        Share, _weight("the bond (mean of emotional_bond, belonging, values_fit and relationship)", "the emotion score")
    ] = 0.35
    trust: Annotated[Share, _weight("trust", "the emotion score")] = 0.25
    price_tolerance: Annotated[Share, _weight("price tolerance", "the emotion score")] = 0.15
    referrals: Annotated[Share, _weight("referrals made", "the emotion score")] = 0.15
    tolerance: Annotated[Share, _weight("tolerance of failures", "the emotion score")] = 0.10


class CognitionWeights(Weights):
    """Weights of the parts of the cognition score; they sum to 1."""

    product_quality: Annotated[Share, _weight("product quality", "the cognition score")] = 0.30
    service: Annotated[Share, _weight("service (mean of service and after_sales)", "the cognition score")] = 0.30
    brand: Annotated[Share, _weight("the brand", "the cognition score")] = 0.20
    knowledge: Annotated[Share, _weight("knowledge (mean of knowledge and awareness)", "the cognition score")] = 0.20
