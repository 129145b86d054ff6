"""The layouts of audience files: which columns each tool imports, and in which form.

Sources: the help pages of Klaviyo (import of lists), Google Ads (Customer Match), Zoho CRM (import of contacts) and the
field names of Fxiaoke's own exports.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Layout(StrEnum):
    """A format of `loyalty audience`."""

    CSV = "csv"
    KLAVIYO = "klaviyo"
    GOOGLE = "google"
    ZOHO = "zoho"
    FXIAOKE = "fxiaoke"


@dataclass(frozen=True)
class Contact:
    """A member with name and addresses.

    Attributes:
        customer_key: The pseudonym.
        audience: The audience.
        source: The source of the record that describes the person; empty if there is none.
        customer_ref: Its reference.
        name: The name as the source has it.
        email: The e-mail address; empty if it is unknown or has no normal form.
        phone: The phone number in the form E.164; empty if it is unknown or has no normal form.
    """

    customer_key: str
    audience: str
    source: str = ""
    customer_ref: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""


Columns = Mapping[str, Callable[[Contact], str]]
_NOT_IN_ZOHO = re.compile(r'["|<>]')
_WITHOUT_DOTS = ("gmail.com", "googlemail.com")


def columns_of(layout: Layout, channel: str) -> Columns:
    """The columns of a layout, in order, each with its value for a member.

    Args:
        layout: The layout.
        channel: The channel of the audience: Klaviyo identifies a profile by the first column.
    """
    email: Columns = {"Email": lambda one: one.email}
    phone: Columns = {"Phone Number": lambda one: one.phone}
    if layout is Layout.KLAVIYO:
        identifiers = {**email, **phone} if channel == "email" else {**phone, **email}
        return {**identifiers, "Name": lambda one: one.name, "Loyalty Audience": lambda one: one.audience}
    return _LAYOUTS[layout]


def hashed_email(email: str) -> str:
    """The SHA-256 of an e-mail address as Google normalises it, in hex: lower case, no blanks, no dots at Gmail."""
    local, _, domain = "".join(email.lower().split()).partition("@")
    if domain in _WITHOUT_DOTS:
        local = local.replace(".", "")
    return sha256(f"{local}@{domain}".encode()).hexdigest() if local and domain else ""


def hashed_phone(phone: str) -> str:
    """The SHA-256 of a phone number in the form E.164, in hex."""
    return sha256(phone.encode()).hexdigest() if phone else ""


_LAYOUTS: Mapping[Layout, Columns] = {
    Layout.CSV: {
        "customer_key": lambda one: one.customer_key,
        "source": lambda one: one.source,
        "customer_ref": lambda one: one.customer_ref,
        "name": lambda one: one.name,
        "email": lambda one: one.email,
        "phone": lambda one: one.phone,
    },
    Layout.GOOGLE: {
        "Email": lambda one: hashed_email(one.email),
        "Phone": lambda one: hashed_phone(one.phone),
    },
    # Last Name must not be empty
    Layout.ZOHO: {
        "Last Name": lambda one: _NOT_IN_ZOHO.sub("", one.name).strip() or one.email or one.phone or one.customer_ref,
        "Email": lambda one: one.email,
        "Phone": lambda one: one.phone,
        "Loyalty Audience": lambda one: one.audience,
    },
    Layout.FXIAOKE: {
        "姓名": lambda one: one.name or one.email or one.phone or one.customer_ref,
        "手机": lambda one: one.phone,
        "邮件": lambda one: one.email,
        "客户编号": lambda one: one.customer_ref if one.source.startswith("fxiaoke") else "",
        "受众": lambda one: one.audience,
    },
}
