"""How references of several sources become one customer: the group `model.identity` of loyalty.yml.

Python reads these settings. Only `survivorship` is a var of dbt too.
"""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from pipelines.base.spelling import did_you_mean
from pipelines.config.about import About
from pipelines.config.parts import SettingsPart


def _known_region(text: str) -> str:
    # imported late, because few commands need the numbering plans
    from pipelines.base.contact_forms import REGIONS

    if text not in REGIONS:
        near = did_you_mean(text, [text.upper()] if text.upper() in REGIONS else [], "write two capital letters")
        raise ValueError(f"`{text}` is not a region of ISO 3166{near}, such as DE, GB or US")
    return text


def _is_text(value: object) -> object:
    """Reject a number: YAML reads +4930901820 as a number without its +. The message does not show the contact."""
    if not isinstance(value, str):
        raise ValueError("must be text: put the e-mail address or phone number in quotes")
    return value


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"`{name}` is listed twice: remove one")
    return names


Region = Annotated[str, AfterValidator(_known_region)]
PrivateText = Annotated[str, BeforeValidator(_is_text)]


class IdentityModel(SettingsPart):
    """Which references of customers are the same person, and which source describes the person."""

    phone_region: Annotated[
        Region | None,
        About(
            "The country of phone numbers that are written without a country code: two capital letters of ISO 3166.",
            "A national number is a different phone in each country. Without this setting, only numbers with + link.",
            shown="none",
        ),
    ] = None
    keeps_email_tag: Annotated[
        bool,
        About(
            "Whether the text between + and @ is part of an e-mail address. If it is, `a+b@example.com` and"
            " `a@example.com` are different.",
            "Many providers ignore this part, but not all. A missing link does less harm than a wrong one.",
        ),
    ] = True
    max_refs_of_email: Annotated[
        int,
        About(
            "An e-mail address links nobody if it belongs to more customers of one source than this.",
            "A person can have several accounts. An address of more than ten is a placeholder or a shop's own address.",
            "customers of one source",
        ),
    ] = Field(default=10, ge=1, le=1_000_000)
    max_refs_of_phone: Annotated[
        int,
        About(
            "A phone number links nobody if it belongs to more customers of one source than this.",
            "Families and offices share a phone, so a number with two customers of one source is not one person's.",
            "customers of one source",
        ),
    ] = Field(default=1, ge=1, le=1_000_000)
    blocked: Annotated[
        tuple[PrivateText, ...],
        About(
            "E-mail addresses and phone numbers that link nobody, each in quotes. They are not published in"
            " `rpt_setting`.",
            "Which contacts are shared is known only to the shop, for example its own address for guests.",
            shown="none",
            is_private=True,
        ),
    ] = Field(default=(), repr=False)
    survivorship: Annotated[
        tuple[str, ...],
        AfterValidator(_distinct),
        About(
            "The sources whose data about a person take precedence, best first. A source that is not listed comes"
            " after them.",
            "Which source is the most reliable is known only to the shop.",
            shown="none",
            var="identity_survivorship",
        ),
    ] = ()

    @field_validator("blocked", mode="before")
    @classmethod
    def _is_list(cls, blocked: object) -> object:
        """The general message for another type would show the contact."""
        if not isinstance(blocked, list | tuple):
            raise ValueError("must be a list of e-mail addresses and phone numbers, each in quotes")
        return blocked

    @field_validator("blocked")
    @classmethod
    def _each_has_a_form(cls, blocked: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if {"phone_region", "keeps_email_tag"} <= info.data.keys():
            region = info.data["phone_region"]
            for number, text in enumerate(blocked, start=1):
                if _form(text, region, keeps_email_tag=info.data["keeps_email_tag"]) is None:
                    which = "a phone number with +" if region is None else f"a phone number of {region} or with +"
                    raise ValueError(f"entry {number} is neither an e-mail address nor {which}: correct or remove it")
        return blocked

    def blocked_forms(self) -> list[str]:
        """The normal forms of the blocked contacts."""
        forms = (_form(text, self.phone_region, keeps_email_tag=self.keeps_email_tag) for text in self.blocked)
        return [form for form in forms if form is not None]


def _form(text: str, region: str | None, *, keeps_email_tag: bool) -> str | None:
    # imported late, because few configs block a contact
    from pipelines.base.contact_forms import email_form, phone_form

    return email_form(text, keeps_tag=keeps_email_tag) or phone_form(text, region)
