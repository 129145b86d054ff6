"""Which contacts are usable for linking, and their normal form. The forms themselves are in base/contact_forms.py."""

from dataclasses import dataclass
from typing import Literal

from pipelines.base.contact_forms import FORM_RULES, email_form, phone_form, possible_phone_form
from pipelines.config.model_identity import IdentityModel
from pipelines.identity.plain_contacts import phone_of

__all__ = ["FORM_RULES", "ContactRules", "Kind", "email_form", "phone_form"]

Kind = Literal["email", "phone"]


@dataclass(frozen=True)
class ContactRules:
    """The rules for contacts.

    Attributes:
        phone_region: The region of phone numbers without + (ISO 3166-1 alpha-2); None: such numbers have no form.
        keeps_email_tag: Whether `a+b@example.com` and `a@example.com` are different addresses.
        blocked: The normal forms that link nobody. E-mails contain @ and phones do not, so the kind is not stored.
    """

    phone_region: str | None = None
    keeps_email_tag: bool = True
    blocked: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: IdentityModel) -> "ContactRules":
        """The rules of the settings."""
        return cls(settings.phone_region, settings.keeps_email_tag, frozenset(settings.blocked_forms()))

    def form(self, kind: Kind, text: str) -> str | None:
        """The normal form of a contact; None if it has none."""
        if kind == "email":
            return email_form(text, keeps_tag=self.keeps_email_tag)
        return phone_form(text, self.phone_region)

    def recognised_form(self, kind: Kind, text: str) -> str | None:
        """The form by which an erased contact is recognised: `form`, but a phone number need not be valid.

        It links nobody. A number that is too short to identify a person has none.
        """
        if kind == "email" or not phone_of(text):
            return self.form(kind, text)
        return possible_phone_form(text, self.phone_region)

    def is_blocked(self, kind: Kind, form: str) -> bool:
        """Whether a normal form is on the block list."""
        return form in self.blocked and kind_of(form) == kind


def kind_of(form: str) -> Kind:
    """The kind of a contact, from its normal form."""
    return "email" if "@" in form else "phone"
