"""The business numbers: the part `model` of loyalty.yml. Each has its default, bounds, meaning and reason here only.

The dbt project takes them as vars (model_vars.py); its defaults in dbt_project.yml, docs/settings.md and the mart
rpt_setting come from here. Not here: the industries' presets, which are the seed loyalty_industry_presets.csv.
"""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from pipelines.config.about import About
from pipelines.config.model_values import Number, PreciseNumber, Score, Share, TierName, tiers_in_order
from pipelines.config.model_weights import AttitudeWeights, BehaviourWeights, DimensionWeights
from pipelines.config.parts import SettingsPart

OF_INDUSTRY = "of the industry's preset"


class OrderModel(SettingsPart):
    """What counts as a usable row of an order, a payment or a rate."""

    fx_rate_max_age_days: Annotated[
        int,
        About(
            "A rate of exchange that is older than this is not used.",
            "Weekends and holidays are shorter; an older rate says too little about the day.",
            "days",
            var="fx_rate_max_age_days",
        ),
    ] = Field(default=7, ge=0, le=31)
    future_tolerance_days: Annotated[
        int,
        About(
            "A day that lies further than this after the day of landing is rejected as being in the future.",
            "Clocks differ, and files are cut at midnight of another zone.",
            "days",
            var="future_tolerance_days",
        ),
    ] = Field(default=1, ge=0, le=31)


class SurveyModel(SettingsPart):
    """How answers of surveys are weighted and reported."""

    answer_half_life_days: Annotated[
        int | None,
        About(
            "An answer counts half after this many days.",
            "About as long as the half-life of spend, so that answers and purchases describe the same time.",
            "days",
            shown=OF_INDUSTRY,
            var="answer_half_life_days",
        ),
    ] = Field(default=None, ge=1, le=36_500)
    nps_interval_z: Annotated[
        PreciseNumber,
        About(
            "The width of the interval of NPS, in standard errors on either side.",
            "Two-sided 95 %, as surveys are usually reported.",
            "standard errors",
            var="nps_interval_z",
        ),
    ] = Field(default=1.959964, ge=0.5, le=5)


class ValueModel(SettingsPart):
    """Customer lifetime value: what it is discounted by, and on what the purchase and spend models are fitted."""

    annual_discount_rate: Annotated[
        Number,
        About(
            "What waiting a year for money costs, as a share.",
            "A common hurdle rate of shops; set your own cost of capital.",
            "share per year",
            var="clv_annual_discount_rate",
        ),
    ] = Field(default=0.10, ge=0, le=5)
    assumed_margin_share: Annotated[
        Share | None,
        About(
            "The margin, as a share of net revenue, where costs are not known.",
            "An assumption about the industry; set your own.",
            "share",
            shown=OF_INDUSTRY,
            var="assumed_margin_share",
        ),
    ] = None
    tiers: Annotated[
        dict[TierName, Share],
        AfterValidator(tiers_in_order),
        About(
            "The value tiers, the lowest first, each with the share of customers below it; as many as are named.",
            "Bottom half low, then middle, the best fifth high and the best twentieth top: spend in retail is about so"
            " concentrated.",
            "share of customers below",
            var="clv_tiers",
        ),
    ] = Field(default={"low": 0, "middle": 0.50, "high": 0.80, "top": 0.95})
    fit_customers: Annotated[
        int,
        About(
            "A fit on more customers than this uses a fixed sample of about this many.",
            "On a million customers the sample moved the total of the next twelve months by 0.05 %.",
            "customers",
            var="clv_fit_customers",
        ),
    ] = Field(default=250_000, ge=1_000, le=100_000_000)
    gap_days: Annotated[
        int,
        About(
            "More days in a row than this without any order can be a gap in observation, and not a quiet time.",
            "Two weeks: longer than holidays.",
            "days",
            var="clv_gap_days",
        ),
    ] = Field(default=14, ge=1, le=366)
    gap_factor: Annotated[
        int,
        About(
            "Such a run is a gap only if it is also longer than this many times the median distance between days with"
            " an order.",
            "The usual silence of a small shop is not a gap.",
            "factor",
            var="clv_gap_factor",
        ),
    ] = Field(default=10, ge=1, le=1_000)
    holdout_share: Annotated[
        Share,
        About(
            "Models are compared on this last share of the time that was observed.",
            "A quarter is long enough to compare and leaves most of the time to fit on.",
            "share",
            var="clv_holdout_share",
        ),
    ] = Field(default=0.25, ge=0.05, le=0.5)
    holdout_min_days: Annotated[
        int,
        About(
            "Models are compared on at least this many days.",
            "A season: over less time chance decides.",
            "days",
            var="clv_holdout_min_days",
        ),
    ] = Field(default=90, ge=7, le=3_650)


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


class ModelSettings(SettingsPart):
    """Every business number."""

    orders: OrderModel = OrderModel()
    surveys: SurveyModel = SurveyModel()
    clv: ValueModel = ValueModel()
    loyalty: LoyaltyModel = LoyaltyModel()
