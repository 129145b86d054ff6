"""The group `audiences` of loyalty.yml: who is to be contacted, by a condition on the marts.

The columns that a condition can use are in audience_columns.py, and its check is in audience_condition.py.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pipelines.config.about import About
from pipelines.config.audience_columns import HISTORY, audience_columns
from pipelines.config.audience_condition import checked, columns_used
from pipelines.config.model_values import Number
from pipelines.config.parts import SettingsPart
from pipelines.config.values import FilePath

Channel = Literal["email", "sms", "phone"]
Suppression = Literal["open_complaint", "employee"]
AudienceVar = dict[str, str | int | bool | list[str]]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HASHES = 1 << 32  # the first 8 hex digits of a hash


def _usable_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"`{name}` cannot be the name of an audience: write at most 40 lower-case letters, digits and `_`, with a"
            " letter first"
        )
    return name


def _condition(value: object) -> object:
    return checked(value) if isinstance(value, str) else value


AudienceName = Annotated[str, AfterValidator(_usable_name)]


class AudienceSettings(SettingsPart):
    """One audience: who belongs to it, and how they may be contacted."""

    where: Annotated[
        Annotated[str, BeforeValidator(_condition)],
        About(
            "Who belongs to the audience: one SQL condition on columns of the marts with one row per customer"
            " (docs/audiences.md lists the marts).",
            example="level = 'at_risk' and value_tier in ('high', 'top')",
        ),
    ]
    channel: Annotated[
        Channel,
        About(
            "How the audience is contacted. Only customers with consent for this channel belong to it.",
            example="email",
        ),
    ]
    holdout: Annotated[
        Number,
        About(
            "The share of the audience that is not contacted, so that the effect can be measured. It can be raised"
            " later, but not lowered: customers keep their group.",
            "Without a holdout group nobody knows what the contact changed. One in ten costs little.",
            "share of customers",
        ),
    ] = Field(default=0.1, ge=0, le=0.5)
    suppress: Annotated[
        tuple[Suppression, ...],
        About(
            "Members who are not contacted for now: `open_complaint`, `employee`.",
            "A customer with an open complaint expects an answer, and employees are no target group.",
        ),
    ] = ("open_complaint", "employee")
    quiet_days: Annotated[
        int,
        About(
            "Members who were sent a campaign during this many last days are not contacted. An export of an audience"
            " counts as a campaign. 0: no such limit.",
            "How often customers may be contacted is a decision of the shop.",
            "days",
        ),
    ] = Field(default=0, ge=0, le=3_650)
    suppress_files: Annotated[
        tuple[FilePath, ...],
        About(
            "Text files with customers who are never contacted: one customer_key, reference (`REF` or `SOURCE:REF`),"
            " e-mail address or phone number per line. Of a line of a CSV file, the first cell counts. A reference or"
            " address of any record of a customer names that customer. The lists apply to exports, and their customers"
            " are not marked in the mart.",
            "No lists are known.",
            shown="none",
        ),
    ] = ()
    effect_days: Annotated[
        int,
        About(
            "The number of days after the as-of day of the first export on which purchases count in"
            " rpt_audience_effect.",
            "It is the time in which a campaign usually works (model.reports.campaign_days).",
            "days",
        ),
    ] = Field(default=30, ge=1, le=366)
    description: Annotated[
        str,
        About("What the audience is for, for people.", "The name may suffice.", shown="empty"),
    ] = Field(default="", max_length=500)

    @property
    def rule(self) -> str:
        """The whole rule in one line, for the manifest of an export."""
        return f"({' '.join(self.where.split())}) and consent_{self.channel}"


Audiences = dict[AudienceName, AudienceSettings]


def audience_vars(audiences: Mapping[str, AudienceSettings]) -> list[AudienceVar]:
    """The audiences as dbt's models need them, in the order of their names.

    Each has the columns that its condition uses, so that a model reads no others. `holdout_below` is compared with the
    first 8 hex digits of a hash.
    """
    return [_var(name, one) for name, one in sorted(audiences.items())]


def _var(name: str, one: AudienceSettings) -> AudienceVar:
    used = sorted(columns_used(one.where))
    known = audience_columns()
    return {
        "name": name,
        "where": one.where,
        "channel": one.channel,
        "holdout_below": f"{round(one.holdout * _HASHES):08x}",
        "suppress": list(one.suppress),
        "quiet_days": one.quiet_days,
        "effect_days": one.effect_days,
        "columns": [f"{known[column].mart}.{column}" for column in used],
        "is_dated": bool(used) and HISTORY.issuperset(used),
    }
