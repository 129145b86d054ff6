"""The business numbers of the level: the group `model.level` of loyalty.yml."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipelines.config.about import About
from pipelines.config.model_values import OF_INDUSTRY, Number, Share
from pipelines.config.parts import SettingsPart


class LevelModel(SettingsPart):
    """Where a customer stands. Inactivity is measured in multiples of the customer's own purchase gap.

    The level follows from the return curve: the share of customers with the same history and inactivity who came back
    within the horizon, counted at this shop's past month ends.
    """

    months: Annotated[
        int,
        About(
            "Marts have level, class, type, quadrant and RFM segment for this many past month ends. The return curve of"
            " a month end counts customers at this many month ends before it.",
            "Five years contain every season several times. More month ends make a run longer.",
            "months",
            var="level_months",
        ),
    ] = Field(default=60, ge=1, le=240)
    g0_days: Annotated[
        Number | None,
        About(
            "The expected gap between purchases (g0) of a customer with only one known purchase, while the shop's own"
            " history is too short to show it.",
            "Groceries are bought weekly, planned purchases a few times a year.",
            "days",
            shown=OF_INDUSTRY,
            var="g0_days",
        ),
    ] = Field(default=None, ge=1, le=3_650)
    g0_min_customers: Annotated[
        int,
        About(
            "The median gap of the shop's repeat customers can replace g0_days only if there are at least this many of"
            " them.",
            "The median of fewer customers moves with each of them.",
            "customers",
            var="level_g0_min_customers",
        ),
    ] = Field(default=50, ge=1, le=1_000_000)
    g0_history_gaps: Annotated[
        Number,
        About(
            "The median gap replaces g0_days only if the shop's history is at least this many times as long as each of"
            " the two.",
            "A gap that is longer than the history cannot be seen, so the median of a short history is too small.",
            "gaps",
            var="level_g0_history_gaps",
        ),
    ] = Field(default=4, ge=1, le=100)
    g0_factor: Annotated[
        Number,
        About(
            "The median gap replaces g0_days only if the two differ by more than this factor.",
            "A smaller difference changes few levels, and a constant g0 makes months comparable.",
            "factor",
            var="level_g0_factor",
        ),
    ] = Field(default=1.5, ge=1, le=100)
    horizon_gaps: Annotated[
        Number,
        About(
            "A customer counts as returned if they buy within this many times g0 (the horizon).",
            "After two expected gaps most of those who will buy again have bought.",
            "g0",
            var="level_horizon_gaps",
        ),
    ] = Field(default=2, ge=1, le=20)
    horizon_min_days: Annotated[
        int,
        About("The shortest horizon.", "Four weeks contain a pay day.", "days", var="level_horizon_min_days"),
    ] = Field(default=28, ge=1, le=366)
    horizon_max_days: Annotated[
        int,
        About("The longest horizon.", "A year contains every season.", "days", var="level_horizon_max_days"),
    ] = Field(default=365, ge=28, le=3_650)
    horizon_min_month_ends: Annotated[
        int,
        About(
            "The horizon is one g0 until at least this many past month ends are followed by a whole horizon of"
            " horizon_gaps.",
            "In a short history, outcomes of a shorter horizon are known earlier.",
            "month ends",
            var="level_horizon_min_month_ends",
        ),
    ] = Field(default=6, ge=1, le=120)
    idle_days: Annotated[
        int,
        About(
            "If nobody buys for at least this many days in a row, these days do not count as inactivity.",
            "The shop was closed or its data are missing; this says nothing about a customer.",
            "days",
            var="level_idle_days",
        ),
    ] = Field(default=30, ge=7, le=366)
    min_month_ends: Annotated[
        int,
        About(
            "The return curve needs at least this many past month ends with an outcome. With fewer, levels follow"
            " fixed limits: fallback_at_risk_gaps, and lapsed_days of model.loyalty.",
            "One or two month ends can be exceptions.",
            "month ends",
        ),
    ] = Field(default=3, ge=1, le=120)
    min_observations: Annotated[
        int,
        About(
            "The return curve needs at least this many customers at past month ends, counted at each month end.",
            "With fewer, chance decides the shares of its about ninety cells.",
            "customers",
        ),
    ] = Field(default=200, ge=1, le=1_000_000)
    prior_observations: Annotated[
        int,
        About(
            "Each cell of the return curve starts with this many customers who behave like all others.",
            "It keeps a cell with few customers close to the rest.",
            "customers",
        ),
    ] = Field(default=25, ge=1, le=100_000)
    start_observations: Annotated[
        int,
        About(
            "A cell is compared with the share at the lowest silence of the same history: the mean of the first cells"
            " that together have at least this many customers.",
            "The first cell alone can have few customers.",
            "customers",
        ),
    ] = Field(default=50, ge=1, le=100_000)
    at_risk_ratio: Annotated[
        Share,
        About(
            "A customer is at risk if customers like them come back less often than active customers, and less often"
            " than this share of what is usual for their history at the lowest silence.",
            "Below it, silence has cost more than two fifths of the chance of a return.",
            "share",
            var="level_at_risk_ratio",
        ),
    ] = 0.6
    churned_share: Annotated[
        Share,
        About(
            "A customer is churned only if at most this share of customers like them came back.",
            "It is below churned_limit_share, so that the limit also holds next month.",
            "share",
        ),
    ] = 0.15
    churned_limit_share: Annotated[
        Share,
        About(
            "At most this share of churned customers may come back within the horizon. A cell is called churned only if"
            " an upper bound of its share is at most this. If the share of customers like a churned one rises above it,"
            " the customer is at risk again.",
            "A label must mean what it says: of five churned customers at most one comes back.",
            "share",
            var="level_churned_limit_share",
        ),
    ] = 0.20
    churned_z: Annotated[
        Number,
        About(
            "The upper bound in churned_limit_share is this many standard errors above the share.",
            "1.28 gives a one-sided bound of 90 %.",
            "standard errors",
        ),
    ] = Field(default=1.28, ge=0, le=5)
    fallback_at_risk_gaps: Annotated[
        Number,
        About(
            "Without a return curve, a customer who is inactive for longer than this is at risk.",
            "If purchases are random, fewer than one gap in seven is longer than two own gaps.",
            "own gaps",
            var="level_fallback_at_risk_gaps",
        ),
    ] = Field(default=2, ge=0.1, le=1_000)
    loyal_purchase_days: Annotated[
        int,
        About(
            "The level loyal and behavioural loyalty need at least this many purchase days. With so many, a customer is"
            " no longer new.",
            "A single repeat purchase may be chance.",
            "purchase days",
            var="loyalty_loyal_purchase_days",
        ),
    ] = Field(default=3, ge=1, le=1_000)

    disloyal_evidence_weight: Annotated[
        Number,
        About(
            "The attitude of a customer keeps them from the level loyal only if its evidence has at least this weight.",
            "One response has this weight until it is one half-life old.",
            "responses",
            var="level_disloyal_evidence_weight",
        ),
    ] = Field(default=0.5, ge=0, le=100)

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        for lower, upper in (("churned_share", "churned_limit_share"), ("horizon_min_days", "horizon_max_days")):
            low, high = getattr(self, lower), getattr(self, upper)
            if low > high:
                raise ValueError(f"{lower} {low:g} must not be above {upper} {high:g}")
        return self
