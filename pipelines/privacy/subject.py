"""The identifiers of one person who is erased or exported, and their normal forms.

Plain data. find.py finds the identifiers, tombstones.py recognises them by their hashes, match.py uses them in SQL.
"""

import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

MIN_PHONE_DIGITS = 7  # a shorter number may be an extension or a house number, which many people share


class Subject(BaseModel):
    """One person in the sources.

    Attributes:
        refs: (source, reference) of the customer, and of the person if a source has both.
        emails: E-mail addresses in lower case.
        phones: Phone numbers as digits.
        orders: (source, order) of their orders: a row that names an order but no person is about the order's customer.
        words: Texts to search in free text, in lower case: a full name, a phone number as the source writes it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    refs: frozenset[tuple[str, str]] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    orders: frozenset[tuple[str, str]] = frozenset()
    words: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is any identifier."""
        return bool(self.refs or self.emails or self.phones or self.orders or self.words)

    def joined(self, other: "Subject") -> "Subject":
        """The identifiers of both."""
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
        """Every source with a reference or an order, sorted."""
        return sorted({source for source, _ in self.refs | self.orders})


def email_of(text: str) -> str:
    """An e-mail address in the form that landing writes."""
    return text.strip().lower()


def phone_of(text: str) -> str:
    """A phone number as digits, because sources write a number in many ways. Empty if it is not a phone number."""
    digits = re.sub(r"\D", "", text)
    return digits if len(digits) >= MIN_PHONE_DIGITS else ""


def looks_like_phone(text: str) -> bool:
    """Whether a text can only be a phone number: digits and the signs between them."""
    return bool(re.fullmatch(r"\+?[\d ()/.\-]+", text.strip())) and bool(phone_of(text))


def identifying_names(names: Iterable[str]) -> set[str]:
    """The names that identify a person in free text, in lower case: at least two words and eight characters."""
    return {name.lower() for name in names if len(name) >= 8 and " " in name.strip()}
