"""The business numbers of scores, class, type and quadrant: the group `model.loyalty` of loyalty.yml."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipelines.config.about import About
from pipelines.config.model_evidence import EvidenceModel
from pipelines.config.model_values import OF_INDUSTRY, Number, Score, Share
from pipelines.config.model_weights import (
    AttitudeWeights,
    BehaviourWeights,
    CognitionWeights,
    DimensionWeights,
    EmotionWeights,
)
from pipelines.config.parts import SettingsPart


class LoyaltyModel(SettingsPart):
    """Scores, class, type and quadrant, and two limits of the level (lapsed_days and disloyal_attitude)."""

    lapsed_days: Annotated[
        int | None,
        About(
            "The cut points of scores are computed over customers who are inactive for at most this long. Without a"
            " return curve, churned needs a silence above this and above two horizons, and of at least one own gap.",
            "A year contains every season once. For groceries the preset is shorter, because they are bought often.",
            "days",
            shown=OF_INDUSTRY,
            var="lapsed_days",
        ),
    ] = Field(default=None, ge=1, le=36_500)
    purchase_half_life_days: Annotated[
        int,
        About(
            "After this many days, spend and purchase days have half their weight.",
            "It is about two seasons, which is long enough for infrequent buyers.",
            "days",
            var="half_life_days",
        ),
    ] = Field(default=180, ge=1, le=36_500)
    dimension_weights: Annotated[
        DimensionWeights,
        About(
            "Weights of the four dimensions in loyalty_score.",
            "What people do is stronger evidence than what they say.",
            var="loyalty_dimension_weights",
        ),
    ] = DimensionWeights()
    behaviour_weights: Annotated[
        BehaviourWeights,
        About(
            "Weights of the parts of the behaviour score.",
            "With these weights the score ranked next-quarter revenue on Online Retail better than the sum of the RFM"
            " scores (Spearman .531 against .509).",
            var="loyalty_behaviour_weights",
        ),
    ] = BehaviourWeights()
    attitude_weights: Annotated[
        AttitudeWeights,
        About(
            "Weights of the parts of the attitude score; each part has the name of its construct.",
            "NPS has the largest weight, because it is about the whole shop and not about one purchase.",
            var="loyalty_attitude_weights",
        ),
    ] = AttitudeWeights()
    emotion_weights: Annotated[
        EmotionWeights,
        About(
            "Weights of the parts of the emotion score.",
            "Bond and trust are feelings; the other parts are what people do because of them.",
            var="loyalty_emotion_weights",
        ),
    ] = EmotionWeights()
    cognition_weights: Annotated[
        CognitionWeights,
        About(
            "Weights of the parts of the cognition score.",
            "Customers experience products and service themselves. A brand is an idea, and knowledge is a first step.",
            var="loyalty_cognition_weights",
        ),
    ] = CognitionWeights()
    evidence: EvidenceModel = EvidenceModel()
    class_known_weight: Annotated[
        Number,
        About(
            "A customer who shows no kind of loyalty is called not loyal only if the responses about attitude or about"
            " emotion have at least this weight. Otherwise the class is unknown.",
            "One recent response is enough to know that a customer was asked and did not show loyalty.",
            "responses",
            var="class_known_weight",
        ),
    ] = Field(default=1, ge=0, le=100)
    type_discount_share: Annotated[
        Share,
        About(
            "A loyal customer whose attitude or emotion is known has the type rational if they bought at least this"
            " share of the list value at a discount.",
            "At least half of what they buy depends on the price.",
            "share of list value",
            var="type_discount_share",
        ),
    ] = 0.5
    disloyal_attitude: Annotated[
        Score,
        About(
            "A customer whose attitude score before shrinkage is below this cannot have the level loyal.",
            "On the scale from 0 to 10 this is an NPS answer of 3 or less.",
            "score",
            var="loyalty_disloyal_attitude",
        ),
    ] = 40
    high_attitude: Annotated[
        Score,
        About(
            "An answer about attitude of at least this value is a top box. A customer with enough of them has a high"
            " attitude.",
            "These are the top two boxes of 5- and 7-point scales, and NPS answers of 8 or more.",
            "score",
            var="loyalty_high_attitude",
        ),
    ] = 75
    high_emotion: Annotated[
        Score,
        About(
            "An answer about emotion of at least this value is a top box.",
            "Few people choose the highest answers about feelings, so 5 of 7 points is enough.",
            "score",
            var="loyalty_high_emotion",
        ),
    ] = 60
    high_cognition: Annotated[
        Score,
        About(
            "An answer about cognition of at least this value is a top box.",
            "These are the top two boxes of 5- and 7-point scales.",
            "score",
            var="loyalty_high_cognition",
        ),
    ] = 75
    evidence_prior: Annotated[
        int,
        About(
            "n pieces of evidence have the confidence n / (n + this value). If too few customers answered repeatedly,"
            " answers are shrunk by this many answers with the shop's mean.",
            "With this default, two pieces of evidence give a confidence of one half.",
            "pieces of evidence",
            var="loyalty_evidence_prior",
        ),
    ] = Field(default=2, ge=1, le=1_000)

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.disloyal_attitude >= self.high_attitude:
            raise ValueError(
                f"disloyal_attitude {self.disloyal_attitude:g} must be below high_attitude {self.high_attitude:g}"
            )
        return self
