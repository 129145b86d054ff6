"""When the value models suit the data: the group `model.suitability` of loyalty.yml."""

from typing import Annotated

from pydantic import Field

from pipelines.config.about import About
from pipelines.config.model_values import Share
from pipelines.config.parts import SettingsPart


class SuitabilityModel(SettingsPart):
    """Limits beyond which a value model is flagged or does not run. Other limits are in `model.clv` and `contract`."""

    flag_regular_share: Annotated[
        Share,
        About(
            "The purchase model is flagged if more than this share of frequent buyers buys regularly.",
            "Chance alone makes one in twenty look regular. The model assumes that purchases come by chance.",
            "share of customers",
        ),
    ] = 0.3
    refuse_regular_share: Annotated[
        Share,
        About(
            "The purchase model does not run if more than this share of frequent buyers buys regularly.",
            "Only a contract, or something like it, makes nearly everybody buy by the calendar.",
            "share of customers",
        ),
    ] = 0.8
    regular_min_customers: Annotated[
        int,
        About(
            "Regularity is tested if at least this many customers have enough purchases for it.",
            "A few regular customers say nothing about the others.",
            "customers",
        ),
    ] = Field(default=30, ge=5, le=1_000_000)
    flag_repeat_customers: Annotated[
        int,
        About(
            "The purchase model is flagged if fewer customers than this have bought again.",
            "Repeat purchases alone show how customers differ; the model has up to four parameters for it.",
            "customers",
        ),
    ] = Field(default=100, ge=1, le=1_000_000)
    refuse_repeat_customers: Annotated[
        int,
        About(
            "The purchase model does not run if fewer customers than this have bought again.",
            "With fewer, the fit follows single customers.",
            "customers",
        ),
    ] = Field(default=10, ge=1, le=1_000_000)
    flag_unobserved_share: Annotated[
        Share,
        About(
            "The purchase model is flagged if purchases could not be observed on more than this share of the days.",
            "The models do not count these days, but what customers did on them stays unknown.",
            "share of days",
        ),
    ] = 0.1
    refuse_unobserved_share: Annotated[
        Share,
        About(
            "The purchase model does not run if purchases could not be observed on more than this share of the days.",
            "A forecast from less than half of the days is a guess.",
            "share of days",
        ),
    ] = 0.5
    flag_history_days: Annotated[
        int,
        About(
            "The purchase model is flagged if fewer days than this were observed.",
            "A forecast for a year from less than a year has not seen every season.",
            "days",
        ),
    ] = Field(default=365, ge=1, le=36_500)
    refuse_history_days: Annotated[
        int,
        About(
            "The purchase model does not run if fewer days than this were observed.",
            "In less than a month hardly anybody can come back.",
            "days",
        ),
    ] = Field(default=28, ge=1, le=36_500)
    refuse_spend_correlation: Annotated[
        Share,
        About(
            "The spend model does not run if repeat days and their mean spend correlate more strongly than this, in"
            " either direction. From `model.clv.high_spend_correlation` on it is flagged.",
            "Then frequency and spend are nearly the same, and the model takes them to be independent.",
            "correlation",
        ),
    ] = 0.7
