"""How answers become scores: the group `model.loyalty.evidence` of loyalty.yml."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipelines.config.about import About
from pipelines.config.model_values import Number, Share
from pipelines.config.parts import SettingsPart


class EvidenceModel(SettingsPart):
    """When a construct is known, how strongly answers are shrunk, and when a dimension is high."""

    known_weight: Annotated[
        Number,
        About(
            "A construct is known if the weights of its answers sum to at least this value.",
            "One answer is enough for two half-lives. After that it says little about today.",
            "answers",
            var="evidence_known_weight",
        ),
    ] = Field(default=0.25, ge=0.01, le=1_000)
    oldest_half_lives: Annotated[
        int,
        About(
            "An answer older than this many half-lives no longer counts.",
            "Its weight is below 1/16 then. Without a limit, each month end would read every answer ever given.",
            "half-lives",
            var="evidence_oldest_half_lives",
        ),
    ] = Field(default=4, ge=1, le=20)
    emotion_answered_share: Annotated[
        Share,
        About(
            "Emotion is known only if constructs answered in surveys have at least this share of its weight.",
            "Otherwise a single referral would make an ordinary buyer emotionally loyal.",
            "share of weight",
            var="evidence_emotion_answered_share",
        ),
    ] = 0.35
    low_confidence_weight: Annotated[
        Number,
        About(
            "The confidence in a dimension is low if the weights of its responses sum to less than this value.",
            "One response can be chance. Two recent ones are the least that can confirm each other.",
            "responses",
            var="evidence_low_confidence_weight",
        ),
    ] = Field(default=1.5, ge=0, le=1_000)
    high_share: Annotated[
        Share,
        About(
            "A dimension is high if its share of top boxes is at least this value, before and after shrinkage.",
            "A flag should be more likely true than not.",
            "share of answers",
            var="evidence_high_share",
        ),
    ] = 0.5
    channel_answers: Annotated[
        int,
        About(
            "Answers are shrunk towards the mean of their channel if it has at least this many answers to the"
            " construct, otherwise towards the mean over all channels.",
            "Answers on paper, in an app and by phone differ in level. With fewer answers the mean is too uncertain.",
            "answers",
            var="evidence_channel_answers",
        ),
    ] = Field(default=50, ge=1, le=1_000_000)
    repeat_customers: Annotated[
        int,
        About(
            "The strength of shrinkage is estimated from customers who answered repeatedly, if there are at least this"
            " many of them. Otherwise it is model.loyalty.evidence_prior.",
            "With fewer, the estimate of the variance within customers is too uncertain.",
            "customers",
            var="evidence_repeat_customers",
        ),
    ] = Field(default=50, ge=3, le=1_000_000)
    repeat_days: Annotated[
        int,
        About(
            "Two answers of a customer count as repeated if at least this many days are between them.",
            "Answers of one day share the mood of the day, so they do not show how much opinions vary.",
            "days",
            var="evidence_repeat_days",
        ),
    ] = Field(default=30, ge=1, le=3_650)
    least_shrinkage: Annotated[
        Number,
        About(
            "If the strength of shrinkage is estimated, at least this many answers with the shop's mean are added.",
            "A single answer should never count as the whole truth about a customer.",
            "answers",
            var="evidence_least_shrinkage",
        ),
    ] = Field(default=1, ge=0, le=1_000)
    most_shrinkage: Annotated[
        Number,
        About(
            "If the strength of shrinkage is estimated, at most this many answers with the shop's mean are added.",
            "If customers do not differ, the estimate has no upper limit, and nobody would ever differ from the mean.",
            "answers",
            var="evidence_most_shrinkage",
        ),
    ] = Field(default=8, ge=0, le=1_000)
    straight_line_items: Annotated[
        int,
        About(
            "A response is left out if it has at least this many items, at least one of them is reversed, and all have"
            " the same answer.",
            "Nobody who reads the questions agrees with a statement and with its opposite.",
            "items",
            var="evidence_straight_line_items",
        ),
    ] = Field(default=5, ge=2, le=1_000)

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.least_shrinkage > self.most_shrinkage:
            raise ValueError(
                f"least_shrinkage {self.least_shrinkage:g} must not be above most_shrinkage {self.most_shrinkage:g}"
            )
        return self
