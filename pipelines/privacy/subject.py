"""Who is to be erased or told about: the identifiers by which one person is known, and their normal forms.

Plain data. Finding them is find.py's, recognising them by their hashes tombstones.py's, using them in SQL match.py's.
"""

import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

MIN_PHONE_DIGITS = 7  # less is an extension or a house number, and many people's


class Subject(BaseModel):
    """One person, as the sources know them.

    Attributes:
        refs: (source, reference): of the customer, and of the person where a source has both.
        emails: Addresses in lower case.
        phones: Numbers as their digits.
        orders: (source, order) of their orders: rows that name an order and nobody are about whose order it is.
        words: Texts to look for in free text, in lower case: a full name, a phone number as the source writes it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    refs: frozenset[tuple[str, str]] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    orders: frozenset[tuple[str, str]] = frozenset()
    words: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether anything would be recognised by it."""
        return bool(self.refs or self.emails or self.phones or self.orders or self.words)

    def joined(self, other: "Subject") -> "Subject":
        """Everything by which either is known."""
        return Subject(
            refs=self.refs | other.refs,
            emails=self.emails | other.emails,
            phones=self.phones | other.phones,
            orders=self.orders | other.orders,
            words=self.words | other.words,
        )

    def refs_of(self, source: str) -> list[str]:
        """The references of one source, sorted."""
        return sorted(ref for owner, ref in self.refs if owner == source)

    def orders_of(self, source: str) -> list[str]:
        """The orders of one source, sorted."""
        return sorted(order for owner, order in self.orders if owner == source)

    def sources(self) -> list[str]:
        """Every source that knows a reference or an order, sorted."""
        return sorted({source for source, _ in self.refs | self.orders})


def email_of(text: str) -> str:
    """An address in the form that landing gives it."""
    return text.strip().lower()


def phone_of(text: str) -> str:
    """A phone number as its digits: sources write the same number in many ways. Empty where it is none."""
    digits = re.sub(r"\D", "", text)
    return digits if len(digits) >= MIN_PHONE_DIGITS else ""


def looks_like_phone(text: str) -> bool:
    """Whether a text can only be a phone number: digits, and signs that stand between them."""
    return bool(re.fullmatch(r"\+?[\d ()/.\-]+", text.strip())) and bool(phone_of(text))


def telling_names(names: Iterable[str]) -> set[str]:
    """Those of some names that tell a person in free text: two words at least, in lower case."""
    return {name.lower() for name in names if len(name) >= 8 and " " in name.strip()}
