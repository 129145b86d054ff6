"""The business numbers: the group `model` of loyalty.yml, with their defaults, bounds, meanings and reasons.

Together with the other files model_*.py this is their only declaration. The dbt project receives them as vars
(model_vars.py). The defaults in dbt_project.yml, docs/settings.md and the mart rpt_setting come from here. The presets
of the industries are in the seed loyalty_industry_presets.csv.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from pipelines.config.about import About
from pipelines.config.model_actions import ActionModel
from pipelines.config.model_contract import ContractModel, ProgrammeModel
from pipelines.config.model_growth import GrowthModel
from pipelines.config.model_identity import IdentityModel
from pipelines.config.model_level import LevelModel
from pipelines.config.model_loyalty import LoyaltyModel
from pipelines.config.model_measures import MeasureModel
from pipelines.config.model_reports import ReportModel
from pipelines.config.model_rfm import RfmModel
from pipelines.config.model_suitability import SuitabilityModel
from pipelines.config.model_values import OF_INDUSTRY, Number, PreciseNumber, Share, TierName, tiers_in_order
from pipelines.config.parts import SettingsPart


class OrderModel(SettingsPart):
    """Which exchange rates and dates are usable."""

    fx_rate_max_age_days: Annotated[
        int,
        About(
            "An exchange rate that is older than this is not used.",
            "Weekends and public holidays are shorter; an older rate is not a good estimate for the day.",
            "days",
            var="fx_rate_max_age_days",
        ),
    ] = Field(default=7, ge=0, le=31)
    future_tolerance_days: Annotated[
        int,
        About(
            "A row is rejected if its date is more than this many days after the day of landing.",
            "Clocks differ, and a file can end at midnight of another time zone.",
            "days",
            var="future_tolerance_days",
        ),
    ] = Field(default=1, ge=0, le=31)


class SurveyModel(SettingsPart):
    """How survey answers are weighted and reported."""

    answer_half_life_days: Annotated[
        int | None,
        About(
            "After this many days an answer has half its weight.",
            "It is about as long as the half-life of spend, so that answers and purchases describe the same period.",
            "days",
            shown=OF_INDUSTRY,
            var="answer_half_life_days",
        ),
    ] = Field(default=None, ge=1, le=36_500)
    nps_interval_z: Annotated[
        PreciseNumber,
        About(
            "The half-width of the confidence interval of NPS, in standard errors.",
            "It gives a two-sided 95 % interval, which is usual for surveys.",
            "standard errors",
            var="nps_interval_z",
        ),
    ] = Field(default=1.959964, ge=0.5, le=5)


class ValueModel(SettingsPart):
    """Customer lifetime value: its discount rate, margin and tiers, and how the models are fitted and compared."""

    annual_discount_rate: Annotated[
        Number,
        About(
            "The yearly rate at which future value is discounted.",
            "This is a common hurdle rate; set your own cost of capital.",
            "share per year",
            var="clv_annual_discount_rate",
        ),
    ] = Field(default=0.10, ge=0, le=5)
    assumed_margin_share: Annotated[
        Share | None,
        About(
            "The margin as a share of net revenue, if costs are not known.",
            "It is an assumption about the industry; set your own.",
            "share",
            shown=OF_INDUSTRY,
            var="assumed_margin_share",
        ),
    ] = None
    tiers: Annotated[
        dict[TierName, Share],
        AfterValidator(tiers_in_order),
        About(
            "The names of the value tiers, lowest first, each with the share of customers below it. There can be any"
            " number of tiers.",
            "The lower half is low, the best fifth is high and the best twentieth is top. Spend in retail is usually"
            " concentrated like this.",
            "share of customers below",
            var="clv_tiers",
        ),
    ] = Field(default={"low": 0, "middle": 0.50, "high": 0.80, "top": 0.95})
    fit_customers: Annotated[
        int,
        About(
            "If there are more customers than this, a model is fitted on a fixed sample of about this size.",
            "For a million customers the sample changed the total of the next twelve months by 0.05 %.",
            "customers",
            var="clv_fit_customers",
        ),
    ] = Field(default=250_000, ge=1_000, le=100_000_000)
    fit_min_customers: Annotated[
        int,
        About(
            "A purchase model needs at least this many customers, and the spend model this many with a repeat"
            " purchase. With fewer, forecasts are NULL. The value cannot be below 100.",
            "With fewer customers, four fitted parameters describe chance more than behaviour.",
            "customers",
        ),
    ] = Field(default=100, ge=100, le=1_000_000)
    high_spend_correlation: Annotated[
        Share,
        About(
            "A run warns if the number of repeat days and their mean spend correlate more strongly than this, in"
            " either direction.",
            "The spend model assumes that they are independent; weaker correlations are usual.",
            "correlation",
        ),
    ] = 0.3
    gap_days: Annotated[
        int,
        About(
            "More consecutive days than this without any order can be a gap in observation.",
            "Shops are rarely without orders for two weeks, even around public holidays.",
            "days",
            var="clv_gap_days",
        ),
    ] = Field(default=14, ge=1, le=366)
    gap_factor: Annotated[
        int,
        About(
            "Such a period is a gap only if it is also longer than this many times the median distance between days"
            " with an order.",
            "Days without orders are usual in a small shop and are not a gap.",
            "factor",
            var="clv_gap_factor",
        ),
    ] = Field(default=10, ge=1, le=1_000)
    holdout_share: Annotated[
        Share,
        About(
            "Models are compared on this last part of the observed time.",
            "A quarter is long enough to compare models, and most of the time remains for the fit.",
            "share",
            var="clv_holdout_share",
        ),
    ] = Field(default=0.25, ge=0.05, le=0.5)
    holdout_min_days: Annotated[
        int,
        About(
            "Models are compared on at least this many days.",
            "This is a season; in less time chance decides.",
            "days",
            var="clv_holdout_min_days",
        ),
    ] = Field(default=90, ge=7, le=3_650)
    outlier_spread: Annotated[
        Number,
        About(
            "A customer is an outlier if their net amount is above the upper quartile times (upper quartile / lower"
            " quartile) to this power. Outliers are flagged in customer_clv and count in all revenue.",
            "It is Tukey's fence on logarithms. If spend is lognormal, one customer in 2,700 is above it. In Online"
            " Retail it finds 18 wholesale buyers with a fifth of the revenue.",
            "quartile ratios",
            var="clv_outlier_spread",
        ),
    ] = Field(default=2, ge=0.5, le=10)
    spend_cap_spread: Annotated[
        Number,
        About(
            "The fit of the spend model caps the mean spend of a customer at the limit with this power, computed over"
            " mean spend. 0: no cap. Each customer's own forecast still uses their own mean.",
            "Without a cap, a few wholesale buyers decide what the model expects of everybody. With 3, Tukey's limit"
            " for far outliers, ordinary data such as CDNOW are not changed.",
            "quartile ratios",
            var="clv_spend_cap_spread",
        ),
    ] = Field(default=3, ge=0, le=10)


class ModelSettings(SettingsPart):
    """All business numbers."""

    orders: OrderModel = OrderModel()
    surveys: SurveyModel = SurveyModel()
    clv: ValueModel = ValueModel()
    suitability: SuitabilityModel = SuitabilityModel()
    contract: ContractModel = ContractModel()
    programme: ProgrammeModel = ProgrammeModel()
    rfm: RfmModel = RfmModel()
    level: LevelModel = LevelModel()
    loyalty: LoyaltyModel = LoyaltyModel()
    measures: MeasureModel = MeasureModel()
    reports: ReportModel = ReportModel()
    growth: GrowthModel = GrowthModel()
    identity: IdentityModel = IdentityModel()
    actions: ActionModel = ActionModel()
