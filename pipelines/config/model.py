"""The business numbers: the part `model` of loyalty.yml. Each has its default, bounds, meaning and reason here and in
model_loyalty.py and model_weights.py only.

The dbt project takes them as vars (model_vars.py); its defaults in dbt_project.yml, docs/settings.md and the mart
rpt_setting come from here. Not here: the industries' presets, which are the seed loyalty_industry_presets.csv.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from pipelines.config.about import About
from pipelines.config.model_loyalty import LoyaltyModel
from pipelines.config.model_values import OF_INDUSTRY, Number, PreciseNumber, Share, TierName, tiers_in_order
from pipelines.config.parts import SettingsPart


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
    fit_min_customers: Annotated[
        int,
        About(
            "With fewer customers a model is not fitted and forecasts are NULL; of spend, with fewer customers with a"
            " repeat purchase. Below 100 no fit is tried.",
            "A fit of four parameters on fewer customers describes chance more than the customers.",
            "customers",
        ),
    ] = Field(default=100, ge=100, le=1_000_000)
    high_spend_correlation: Annotated[
        Share,
        About(
            "A run warns if repeat days and their mean spend correlate more strongly than this, in either direction.",
            "The spend model takes them to be unrelated; weaker correlations are usual.",
            "correlation",
        ),
    ] = 0.3
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


class ModelSettings(SettingsPart):
    """Every business number."""

    orders: OrderModel = OrderModel()
    surveys: SurveyModel = SurveyModel()
    clv: ValueModel = ValueModel()
    loyalty: LoyaltyModel = LoyaltyModel()
