"""The identifiers of one person who is erased or exported.

Plain data. find.py finds the identifiers, tombstones.py recognises them by their hashes, match.py uses them in SQL.
"""

import re
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from pipelines.identity.plain_contacts import phone_of


class Subject(BaseModel):
    """One person in the sources.

    Attributes:
        refs: (source, reference) of the customer, and of the person if a source has both.
        emails: E-mail addresses in lower case.
        phones: Phone numbers as digits.
        orders: (source, order) of their orders: a row of any source that names an order but no person is about the
            order's customer.
        words: Texts to search in free text, in lower case: a full name, a phone number as the source writes it.
        guests: (source, normal form of the e-mail address) of orders and other rows without a customer.
        guest_emails: (source, e-mail address in lower case) of these rows, in every landed spelling.
        forms: The normal forms of the e-mails and phones; a phone number need not be valid. Tombstones recognise other
            spellings by them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    refs: frozenset[tuple[str, str]] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    orders: frozenset[tuple[str, str]] = frozenset()
    words: frozenset[str] = frozenset()
    guests: frozenset[tuple[str, str]] = frozenset()
    guest_emails: frozenset[tuple[str, str]] = frozenset()
    forms: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is any identifier."""
        return any(getattr(self, name) for name in Subject.model_fields)

    def joined(self, other: "Subject") -> "Subject":
        """The identifiers of both."""
        return Subject(**{name: getattr(self, name) | getattr(other, name) for name in Subject.model_fields})

    def refs_of(self, source: str) -> list[str]:
        """The references of one source, sorted."""
        return sorted(ref for owner, ref in self.refs if owner == source)

    def orders_of(self, source: str) -> list[str]:
        """The orders of one source, sorted."""
        return sorted(order for owner, order in self.orders if owner == source)

    def guest_emails_of(self, source: str) -> list[str]:
        """The e-mail addresses of guests of one source, sorted."""
        return sorted(email for owner, email in self.guest_emails if owner == source)

    def sources(self) -> list[str]:
        """Every source with a reference, an order or a guest, sorted."""
        return sorted({source for source, _ in self.refs | self.orders | self.guest_emails})


def looks_like_phone(text: str) -> bool:
    """Whether a text can only be a phone number: digits and the signs between them."""
    return bool(re.fullmatch(r"\+?[\d ()/.\-]+", text.strip())) and bool(phone_of(text))


def identifying_names(names: Iterable[str]) -> set[str]:
    """The names that identify a person in free text, in lower case: at least two words and eight characters."""
    return {name.lower() for name in names if len(name) >= 8 and " " in name.strip()}
