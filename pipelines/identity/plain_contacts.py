"""The plain text of a contact: an e-mail address in lower case, a phone number as digits.

It is weaker than the normal form (contacts.py), and links nobody. It recognises a person's contacts that have no normal
form, and those of erasures by earlier versions of this program.
"""

import re

MIN_PHONE_DIGITS = 7  # a shorter number may be an extension or a house number, which many people share
_FULL_WIDTH, _PLAIN = "０１２３４５６７８９", "0123456789"
_PLAIN_DIGITS = str.maketrans(_FULL_WIDTH, _PLAIN)


def email_of(text: str) -> str:
    """An e-mail address in the form that landing writes."""
    return text.strip().lower()


def phone_of(text: str) -> str:
    """A phone number as digits, because sources write a number in many ways. Empty if it is not a phone number."""
    digits = re.sub(r"[^0-9]", "", text.translate(_PLAIN_DIGITS))
    return digits if len(digits) >= MIN_PHONE_DIGITS else ""


def digits(column: str) -> str:
    """SQL of a phone number as digits; NULL if there are too few."""
    found = f"regexp_replace(translate({column}, '{_FULL_WIDTH}', '{_PLAIN}'), '[^0-9]', '', 'g')"
    return f"case when strlen({found}) >= {MIN_PHONE_DIGITS} then {found} end"
