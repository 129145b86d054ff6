"""The business numbers of reports for managers: the group `model.reports` of loyalty.yml."""

from typing import Annotated

from pydantic import Field

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart


class ReportModel(SettingsPart):
    """How small groups are reported, and how drivers of loyalty are computed."""

    min_group: Annotated[
        int,
        About(
            "Groups with fewer answers, cases or feedback than this are merged into `other`.",
            "A share of four people says little, and may show who they are.",
            "answers",
            var="reports_min_group",
        ),
    ] = Field(default=5, ge=1, le=1_000)
    followed_days: Annotated[
        int,
        About(
            "A complaint, a return or another contact is followed by a purchase if the customer buys again within this"
            " many days.",
            "A quarter is long enough for most shops, and short enough to learn from.",
            "days",
            var="reports_followed_days",
        ),
    ] = Field(default=90, ge=1, le=3_650)
    quick_days: Annotated[
        int,
        About(
            "A case was resolved quickly if this took at most this many days.",
            "Most customers expect an answer to a complaint within a week.",
            "days",
            var="reports_quick_days",
        ),
    ] = Field(default=7, ge=1, le=365)
    campaign_days: Annotated[
        int,
        About(
            "A campaign is judged by what customers buy in this many days, beginning with the day of the first touch.",
            "Most answers to a message come within a month.",
            "days",
            var="reports_campaign_days",
        ),
    ] = Field(default=30, ge=1, le=3_650)
    driver_min_responses: Annotated[
        int,
        About(
            "Drivers of loyalty are computed only from at least this many complete responses. The value cannot be below"
            " 50.",
            "With fewer responses the order of the constructs is mostly chance.",
            "responses",
        ),
    ] = Field(default=100, ge=50, le=1_000_000)
    driver_max_responses: Annotated[
        int,
        About(
            "If a survey has more responses than this, its drivers are computed from a fixed sample of about this"
            " size.",
            "With 20,000 responses the intervals are about one percentage point wide.",
            "responses",
            var="driver_max_responses",
        ),
    ] = Field(default=20_000, ge=1_000, le=1_000_000)
    driver_resamples: Annotated[
        int,
        About(
            "The intervals of drivers come from this many resamples of the responses (bootstrap).",
            "With 1,000 resamples a 95 % interval changes little between two seeds.",
            "resamples",
        ),
    ] = Field(default=1_000, ge=200, le=100_000)
