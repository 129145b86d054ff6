"""How it is known that other customers brought a new customer: the group `model.growth` of loyalty.yml."""

from typing import Annotated

from pydantic import Field

from pipelines.config.about import About
from pipelines.config.parts import SettingsPart


class GrowthModel(SettingsPart):
    """Which new customers count as earned, that is, as brought by other customers."""

    referral_days: Annotated[
        int,
        About(
            "A new customer is earned if their referral is dated at most this many days after their first purchase.",
            "A referral is often recorded only when its reward is paid. A much later one did not bring the customer.",
            "days",
            var="growth_referral_days",
        ),
    ] = Field(default=30, ge=0, le=366)
    earned_channels: Annotated[
        tuple[str, ...],
        About(
            "A new customer is also earned if the source states one of these acquisition channels, in lower case.",
            "Customers who say that somebody recommended the shop were earned, even without a recorded referral.",
            var="growth_earned_channels",
        ),
    ] = (
        "referral",
        "referred",
        "recommendation",
        "recommended",
        "word of mouth",
        "word_of_mouth",
        "friend",
        "friends",
        "friends and family",
        "转介绍",
        "推荐",
        "朋友推荐",
        "朋友介绍",
        "口碑",
    )
