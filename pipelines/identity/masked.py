"""Masks personal texts, so that an output shows the kind of a value but not the value."""

import re

_LOOKS_LIKE_PHONE = re.compile(r"\+?[\d ()/.\-]*\d")
_GUEST = re.compile(r"@[0-9a-f]{32}")  # a guest: a keyed hash, which shows nothing
_MIN_PHONE_DIGITS = 7
_HIDDEN = "***"


def masked_email(email: str) -> str:
    """The first letter and the domain: `a***@example.com`."""
    local, at, domain = email.strip().rpartition("@")
    if not at:
        return _HIDDEN
    return f"{local[0] if len(local) > 1 else ''}{_HIDDEN}@{domain}"


def masked_phone(phone: str) -> str:
    """The last two digits: `***34`."""
    digits = re.sub(r"\D", "", phone)
    return f"{_HIDDEN}{digits[-2:] if len(digits) >= _MIN_PHONE_DIGITS else ''}"


def masked_contact(kind: str, value: str) -> str:
    """An e-mail or a phone number, by its kind (`email` or `phone`)."""
    return masked_email(value) if kind == "email" else masked_phone(value)


def masked_ref(ref: str) -> str:
    """A reference to a customer. Only a reference that is an e-mail or looks like a phone number is masked."""
    if _GUEST.fullmatch(ref):
        return ref
    if "@" in ref:
        return masked_email(ref)
    if _LOOKS_LIKE_PHONE.fullmatch(ref) and ref.startswith(("+", "0")) and len(ref) > _MIN_PHONE_DIGITS:
        return masked_phone(ref)
    return ref
