"""Contracts and the loyalty programme: the groups `model.contract` and `model.programme` of loyalty.yml."""

from typing import Annotated

from pydantic import Field

from pipelines.config.about import About
from pipelines.config.model_values import Number, Share
from pipelines.config.parts import SettingsPart


class ContractModel(SettingsPart):
    """Customers under contract: subscriptions that pay for periods, and paid tiers of a programme."""

    orders_period_days: Annotated[
        int | None,
        About(
            "Set it if orders follow a contract, for example 30 for a monthly subscription: orders pay for periods"
            " of this many days. Several orders of one period count as one payment. Then models of purchases without a"
            " contract do not run.",
            "Most shops sell without a contract. It cannot be recognised with certainty, so it is declared.",
            "days",
            shown="orders follow no contract",
            var="contract_orders_period_days",
        ),
    ] = Field(default=None, ge=1, le=3_660)
    grace_days: Annotated[
        int,
        About(
            "A period that begins at most this many days after the previous one ended is a renewal. A later one begins"
            " another contract. A renewal counts as due only after these days.",
            "Failed payments are usually repeated within two weeks.",
            "days",
            var="contract_grace_days",
        ),
    ] = Field(default=14, ge=0, le=366)
    margin_share: Annotated[
        Share | None,
        About(
            "The margin as a share of the fee.",
            "The cost of a contract is in no order line. Without it, the remaining value is NULL and only the remaining"
            " fees are shown.",
            "share",
            shown="not known",
            var="contract_margin_share",
        ),
    ] = None
    min_contracts: Annotated[
        int,
        About(
            "The retention model needs at least this many contracts whose first renewal was due.",
            "With fewer, two fitted parameters describe chance more than behaviour.",
            "contracts",
        ),
    ] = Field(default=100, ge=10, le=1_000_000)
    min_periods: Annotated[
        int,
        About(
            "The retention model needs renewals of at least this many periods.",
            "It has two parameters: one renewal rate cannot determine them.",
            "periods",
        ),
    ] = Field(default=2, ge=2, le=100)
    forecast_periods: Annotated[
        int,
        About(
            "For how many periods after the last renewal that was due retention is predicted.",
            "A year of monthly periods; further ahead the error of the fit grows.",
            "periods",
        ),
    ] = Field(default=12, ge=1, le=60)


class ProgrammeModel(SettingsPart):
    """The loyalty programme: what a point costs, and with whom members are compared."""

    point_value: Annotated[
        Number | None,
        About(
            "What one point costs when it is redeemed, in the reporting currency.",
            "The rules of the programme decide it. Without it, the liability is NULL.",
            "amount per point",
            shown="not known",
            var="programme_point_value",
        ),
    ] = Field(default=None, ge=0, le=1_000_000)
    redemption_share: Annotated[
        Share | None,
        About(
            "The share of outstanding points that will be redeemed; the rest expires (breakage).",
            "Without it, the share is estimated from the points that were redeemed or have expired so far.",
            "share",
            shown="estimated",
            var="programme_redemption_share",
        ),
    ] = None
    min_customers: Annotated[
        int,
        About(
            "The redemption share is estimated only if at least this many customers have redeemed points or lost them."
            " Otherwise all points are assumed to be redeemed.",
            "A few customers say little, and a liability should rather be too high.",
            "customers",
            var="programme_min_customers",
        ),
    ] = Field(default=30, ge=2, le=1_000_000)
    comparison_months: Annotated[
        int,
        About(
            "Members are compared with similar customers who are not members, over this many months after the month"
            " end at which they were similar.",
            "Half a year contains several purchases of most customers. It must be less than `history_months`.",
            "months",
            var="programme_comparison_months",
        ),
    ] = Field(default=6, ge=1, le=60)
    comparison_min_customers: Annotated[
        int,
        About(
            "A group of similar customers is compared only if it has at least this many members and as many others.",
            "With fewer, a single customer decides the difference.",
            "customers",
            var="programme_comparison_min_customers",
        ),
    ] = Field(default=5, ge=2, le=1_000_000)
