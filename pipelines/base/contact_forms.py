"""The normal form of an e-mail address and of a phone number. Two texts with the same form are the same contact.

The rules are exact. Nothing here guesses which address was meant: a text that breaks a rule has no form (None), and
then it links nobody. If a rule changes, raise FORM_RULES: identifiers that were made with other rules are made again.
"""

import re
import unicodedata
from collections.abc import Callable

import idna
import phonenumbers
from phonenumbers import PhoneNumber

FORM_RULES = (
    f"1, phonenumbers {phonenumbers.__version__}, idna {idna.__version__}, unicode {unicodedata.unidata_version}"
)
REGIONS: frozenset[str] = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""The regions whose national numbers are known: ISO 3166-1 alpha-2."""

_LONGEST_EMAIL = 320  # RFC 3696: 64 characters, @, 255 characters
# Soft hyphen, zero-width characters, marks of the text direction, byte order mark.
_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_DOTTED_I = re.compile("i\u0307+")
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"([a-z0-9._%+-]+)@((?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?)")
_UNUSABLE = re.compile('[\\s\\x00-\\x1f\\x7f-\\x9f\ud800-\udfff<>()\\[\\],;:\\\\"]')
_NOT_IN_A_PHONE = re.compile(r"[^\W\d_]|[#*,;]")


def email_form(text: str, *, keeps_tag: bool) -> str | None:
    """The normal form of an e-mail address, or None.

    1. Invisible characters are removed, also inside. Compatibility characters become plain ones (Unicode NFKC), such as
       full-width letters and a full-width @. Blanks at both ends and a prefix `mailto:` are removed.
    2. Letters become lower case. `İ` becomes `i`, and so does `i` with a combining dot, which is what the lower case of
       `İ` looks like in DuckDB. Both small sigmas become `σ`.
    3. There is exactly one @. The part before it is not empty and has no blank, no control character and none of
       `<>()[],;:"\\`. Its dots are kept: `a.b` and `ab` are different people at most providers.
    4. `+tag` is part of the address unless `keeps_tag` is false. Then everything from the first + to the @ is removed.
    5. The domain has a dot, its last label is not a number, and IDNA 2008 allows each label (UTS 46 maps upper case and
       other dots). Its form is ASCII: `münchen.de` and `xn--mnchen-3ya.de` are equal. One dot at the end is removed.

    Args:
        text: An address as somebody wrote it.
        keeps_tag: Whether `a+b@example.com` and `a@example.com` are different addresses.
    """
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()
    if plain[:7].lower() == "mailto:":
        plain = plain[7:].lstrip()
    if len(plain) > _LONGEST_EMAIL:
        return None
    if found := _PLAIN.fullmatch(plain.lower()):
        local, domain = found[1], found[2]
        usable: str | None = domain if "--" not in domain else _domain_form(domain)
    else:
        local, at, domain = _without_dotted_i(plain).partition("@")
        local = unicodedata.normalize("NFKC", _without_dotted_i(local.lower())).replace("ς", "σ")
        if not at or "@" in domain or _UNUSABLE.search(local):
            return None
        usable = _domain_form(domain)
    if not keeps_tag:
        local = local.partition("+")[0]
    return f"{local}@{usable}" if local and usable else None


def phone_form(text: str, region: str | None) -> str | None:
    """The normal form of a phone number (E.164, such as `+4930901820`), or None.

    1. Invisible characters are removed, and full-width digits become plain ones (Unicode NFKC).
    2. A text with a letter or one of `#*,;` has no form, except for the prefix `tel:`. So a number with an extension
       has none: many people share a switchboard.
    3. A number with + is international. With a region, also a national number of this region, and an international one
       with the region's own prefix or 00. Without a region, every number without + is ambiguous and has no form.
    4. The number must be valid in the numbering plan of its country (libphonenumber).

    Args:
        text: A number as somebody wrote it.
        region: The region of numbers without +, ISO 3166-1 alpha-2; None if there is none.
    """
    return _phone_form(text, region, phonenumbers.is_valid_number)


def possible_phone_form(text: str, region: str | None) -> str | None:
    """As `phone_form`, but the number only needs a possible length: a number may be new, or have a wrong digit.

    The form of a valid number is that of `phone_form`.
    """
    return phone_form(text, region) or _phone_form(text, region, _has_possible_length)


def _without_dotted_i(text: str) -> str:
    return _DOTTED_I.sub("i", text.replace("İ", "i"))


def _domain_form(domain: str) -> str | None:
    """The domain in ASCII; None if it is not a domain with a dot."""
    try:
        form = idna.encode(domain, uts46=True).decode("ascii").lower().removesuffix(".")
    except UnicodeError:  # also idna.IDNAError
        return None
    return form if "." in form and not form.rpartition(".")[2].isdigit() else None


def _phone_form(text: str, region: str | None, is_usable: Callable[[PhoneNumber], bool]) -> str | None:
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()
    if plain[:4].lower() == "tel:":
        plain = plain[4:].lstrip()
    if _NOT_IN_A_PHONE.search(plain):
        return None
    form = _usable_number(plain, region, is_usable)
    if form is None and region and plain.startswith("00"):
        form = _usable_number(f"+{plain[2:]}", region, is_usable)
    return form


def _has_possible_length(number: PhoneNumber) -> bool:
    # numbers that can only be dialled inside their area have another length with the area code
    return phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE


def _usable_number(text: str, region: str | None, is_usable: Callable[[PhoneNumber], bool]) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not is_usable(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
