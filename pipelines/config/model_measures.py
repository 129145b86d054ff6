"""The measures of customers: the group `model.measures` of loyalty.yml."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipelines.config.about import About
from pipelines.config.model_values import Share
from pipelines.config.parts import SettingsPart


class MeasureModel(SettingsPart):
    """From which evidence on a measure is known."""

    regularity_min_gaps: Annotated[
        int,
        About(
            "Regularity is known from this many gaps between purchase days on. The limits in the seed"
            " regularity_limits begin at 5.",
            "With fewer gaps, random purchases look regular too often.",
            "gaps",
            var="measure_regularity_min_gaps",
        ),
    ] = Field(default=5, ge=5, le=20)
    regularity_max_gaps: Annotated[
        int,
        About(
            "Regularity uses this many gaps, the last ones. The limits in the seed regularity_limits end at 20.",
            "Twenty gaps show a habit, and a habit of years ago says little about today.",
            "gaps",
            var="measure_regularity_max_gaps",
        ),
    ] = Field(default=20, ge=5, le=20)
    brand_min_days: Annotated[
        int,
        About(
            "The share of the favourite brand is known from this many days with a purchase of a known brand on.",
            "Once or twice is chance.",
            "purchase days",
            var="measure_brand_min_days",
        ),
    ] = Field(default=3, ge=1, le=1_000)
    brand_min_brands: Annotated[
        int,
        About(
            "The share of the favourite brand is known for customers who have bought at least this many brands.",
            "Who has bought a single brand may not know the others. Set 1 if single brands show preference in your"
            " shop.",
            "brands",
            var="measure_brand_min_brands",
        ),
    ] = Field(default=2, ge=1, le=1_000)
    price_min_lines: Annotated[
        int,
        About(
            "Price tolerance is inferred from prices from this many order lines on.",
            "A single bargain or a single full price says little.",
            "order lines",
            var="measure_price_min_lines",
        ),
    ] = Field(default=5, ge=1, le=10_000)
    price_full_premium_share: Annotated[
        Share,
        About(
            "Who pays this share of the list price more than all customers in the same months has an inferred price"
            " tolerance of 100, who pays as much less has 0, and who pays the same has 50.",
            "Few discounts are above a quarter of the list price.",
            "share of the list price",
            var="measure_price_full_premium_share",
        ),
    ] = Field(default=0.25, gt=0)
    tolerance_min_days: Annotated[
        int,
        About(
            "A customer is observed for two own gaps after a grievance, but for at least this many days.",
            "A weekly buyer who pauses for two weeks has not left.",
            "days",
            var="measure_tolerance_min_days",
        ),
    ] = Field(default=30, ge=1, le=3_650)
    tolerance_max_days: Annotated[
        int,
        About(
            "A customer is observed for at most this many days after a grievance.",
            "After half a year a purchase says little about the grievance.",
            "days",
            var="measure_tolerance_max_days",
        ),
    ] = Field(default=180, ge=1, le=3_650)

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        for least, most in (
            ("regularity_min_gaps", "regularity_max_gaps"),
            ("tolerance_min_days", "tolerance_max_days"),
        ):
            low, high = getattr(self, least), getattr(self, most)
            if low > high:
                raise ValueError(f"{least} {low} must not be above {most} {high}")
        return self
