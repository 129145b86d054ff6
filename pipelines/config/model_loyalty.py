"""The business numbers of scores, level and quadrant: the part `model.loyalty` of loyalty.yml."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipelines.config.about import About
from pipelines.config.model_values import OF_INDUSTRY, Number, Score
from pipelines.config.model_weights import AttitudeWeights, BehaviourWeights, DimensionWeights
from pipelines.config.parts import SettingsPart


class LoyaltyModel(SettingsPart):
    """The behaviour and attitude scores, and the rules of level and quadrant. Silence is in the customer's own gaps."""

    g0_days: Annotated[
        Number | None,
        About(
            "The gap between purchases that is expected of a customer of whom only one purchase is known.",
            "Groceries are bought weekly, planned purchases a few times a year. An industry without a value takes the"
            " mean gap of the median customer.",
            "days",
            shown=OF_INDUSTRY,
            var="g0_days",
        ),
    ] = Field(default=None, ge=1, le=3_650)
    fallback_g0_days: Annotated[
        Number,
        About(
            "g0 if neither the preset nor any repeat customer gives one.",
            "A quarter of a year.",
            "days",
            var="loyalty_fallback_g0_days",
        ),
    ] = Field(default=90, ge=1, le=3_650)
    lapsed_days: Annotated[
        int | None,
        About(
            "Inactive for longer than this: churned, regardless of the customer's own gap. Cut points of scores are"
            " taken over customers who are not.",
            "A year spans every season once; a year without groceries is longer than anyone waits.",
            "days",
            shown=OF_INDUSTRY,
            var="lapsed_days",
        ),
    ] = Field(default=None, ge=1, le=36_500)
    purchase_half_life_days: Annotated[
        int,
        About(
            "Spend and purchase days count half after this many days.",
            "About two seasons, long enough for infrequent buyers.",
            "days",
            var="half_life_days",
        ),
    ] = Field(default=180, ge=1, le=36_500)
    dimension_weights: Annotated[
        DimensionWeights,
        About(
            "Weights of the four dimensions in loyalty_score.",
            "What people do comes before what they say.",
            var="loyalty_dimension_weights",
        ),
    ] = DimensionWeights()
    behaviour_weights: Annotated[
        BehaviourWeights,
        About(
            "Weights of the parts of the behaviour score.",
            "They ranked next-quarter revenue on Online Retail better than the sum of RFM (Spearman .531 and .509).",
            var="loyalty_behaviour_weights",
        ),
    ] = BehaviourWeights()
    attitude_weights: Annotated[
        AttitudeWeights,
        About(
            "Weights of the parts of the attitude score, each the construct of its name.",
            "NPS comes first: it is about the shop as a whole and not about one purchase.",
            var="loyalty_attitude_weights",
        ),
    ] = AttitudeWeights()
    at_risk_silence: Annotated[
        Number,
        About(
            "Silent for longer than this: at risk.",
            "A random buyer is silent for more than two own gaps in less than one case in seven.",
            "own gaps",
            var="loyalty_at_risk_silence",
        ),
    ] = Field(default=2, ge=0.1, le=1_000)
    churned_silence: Annotated[
        Number,
        About(
            "Silent for longer than this: churned.",
            "A random buyer is silent for more than four own gaps in one case in fifty.",
            "own gaps",
            var="loyalty_churned_silence",
        ),
    ] = Field(default=4, ge=0.1, le=1_000)
    comeback_g0: Annotated[
        Number,
        About(
            "For how long a customer who came back counts as won back.",
            "Two expected gaps: then a further purchase is due.",
            "g0",
            var="loyalty_comeback_g0",
        ),
    ] = Field(default=2, ge=0.1, le=1_000)
    loyal_purchase_days: Annotated[
        int,
        About(
            "From this many purchase days on, buying can be called a habit.",
            "One repeat purchase may be chance.",
            "purchase days",
            var="loyalty_loyal_purchase_days",
        ),
    ] = Field(default=3, ge=1, le=1_000)
    disloyal_attitude: Annotated[
        Score,
        About(
            "Below this attitude a buyer is not called loyal.",
            "On 0 to 10 it is an NPS answer of 3 or less.",
            "score",
            var="loyalty_disloyal_attitude",
        ),
    ] = 40
    high_attitude: Annotated[
        Score,
        About(
            "From this attitude on a customer speaks well of the shop.",
            "The top two boxes of 5- and 7-point scales, and NPS answers of 8 and more.",
            "score",
            var="loyalty_high_attitude",
        ),
    ] = 75
    evidence_prior: Annotated[
        int,
        About(
            "n pieces of evidence are trusted n / (n + this).",
            "Two pieces are half convincing.",
            "pieces of evidence",
            var="loyalty_evidence_prior",
        ),
    ] = Field(default=2, ge=1, le=1_000)

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        for lower, upper in (("at_risk_silence", "churned_silence"), ("disloyal_attitude", "high_attitude")):
            low, high = getattr(self, lower), getattr(self, upper)
            if low >= high:
                raise ValueError(f"{lower} {low:g} must be below {upper} {high:g}")
        return self
