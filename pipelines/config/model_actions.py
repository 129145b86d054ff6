"""What actions cost and how often they succeed: the group `model.actions` of loyalty.yml.

They are assumptions. rpt_budget shows them beside its figures.
"""

from typing import Annotated

from pydantic import Field

from pipelines.config.about import About
from pipelines.config.model_values import Number, Share
from pipelines.config.parts import SettingsPart


class ContactCosts(SettingsPart):
    """What it costs to contact one customer, by channel, in the reporting currency."""

    email: Annotated[Number, About("Cost of one e-mail.", unit="amount")] = Field(default=0, ge=0, le=1_000_000)
    sms: Annotated[Number, About("Cost of one text message.", unit="amount")] = Field(default=0.1, ge=0, le=1_000_000)
    phone: Annotated[Number, About("Cost of one call.", unit="amount")] = Field(default=5, ge=0, le=1_000_000)
    visit: Annotated[Number, About("Cost of a contact at the customer's next visit.", unit="amount")] = Field(
        default=0, ge=0, le=1_000_000
    )


class SuccessShares(SettingsPart):
    """The share of customers who stay only because of a contact, by channel."""

    email: Annotated[Share, About("Share of customers whom an e-mail keeps.", unit="share of customers")] = 0.01
    sms: Annotated[Share, About("Share of customers whom a text message keeps.", unit="share of customers")] = 0.02
    phone: Annotated[Share, About("Share of customers whom a call keeps.", unit="share of customers")] = 0.05
    visit: Annotated[Share, About("Share of customers whom a contact at a visit keeps.", unit="share of customers")] = (
        0.02
    )


class ActionModel(SettingsPart):
    """Costs and success of actions, and the budget for them."""

    budget_amount: Annotated[
        Number | None,
        About(
            "How much may be spent on actions, in the reporting currency. rpt_budget shares it out.",
            "Without it, rpt_budget lists every action whose expected gain exceeds its cost.",
            "amount",
            shown="no limit",
            var="actions_budget_amount",
        ),
    ] = Field(default=None, ge=0, le=1_000_000_000)
    contact_costs: Annotated[
        ContactCosts,
        About(
            "What a contact costs, by channel.",
            "An assumption: a call takes some minutes of an employee. Replace it with your own costs.",
            var="actions_contact_costs",
        ),
    ] = ContactCosts()
    offer_cost_amount: Annotated[
        Number,
        About(
            "What an offer or a reward costs beside the contact, in the reporting currency.",
            "An assumption. Replace it with the mean value of your vouchers.",
            "amount",
            var="actions_offer_cost_amount",
        ),
    ] = Field(default=10, ge=0, le=1_000_000)
    success_shares: Annotated[
        SuccessShares,
        About(
            "The share of customers who stay only because of a contact, by channel.",
            "An assumption, low on purpose. Replace it with the lift of a campaign that had a control group.",
            var="actions_success_shares",
        ),
    ] = SuccessShares()
    offer_success_share: Annotated[
        Share,
        About(
            "An offer or a reward keeps this share of customers more than the contact alone.",
            "An assumption, low on purpose. Replace it with the lift of a campaign that had a control group.",
            "share of customers",
            var="actions_offer_success_share",
        ),
    ] = 0.05
