"""The e-mail addresses and phone numbers of people, and how each source writes them.

Most people have one address and one number. The others are planted, so that the identity of people can be measured:
people who share a mailbox or a phone, who changed their address, whose addresses differ only in the tag after the plus
sign, and who are known to the shop and to the CRM by different addresses but by one phone number.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.people import NEVER, People
from pipelines.sample.process import Ints, draws
from pipelines.sample.text import Bools

#: More than the ten references that one e-mail address may link in one source.
MAILBOX_USERS = 12
#: Fewer people have no shared mailbox: it would be a large part of them.
MIN_FOR_MAILBOX = 100
#: The days within which a changed address arrives in the shop.
MOVES_WITHIN = 25
NOBODY = -1

#: What is before the number in each way of writing it. The last way has full-width characters.
_BEFORE = ["+49 30 ", "030 ", "0049 30 ", "030/", "+49 (0)30 ", "+49-30-", "  +4930", "+49 30 "]


@dataclass(frozen=True)
class Addresses:
    """One row per person: those of People, then leads whom only the CRM and the survey tool know.

    Attributes:
        mailbox: Number of the mailbox that they share with others; NOBODY for most people.
        phone_of: The person whose phone they have: of their household, or their own.
        shares_phone: Whether they share their phone with others.
        tagged: The person with whose address theirs is the same but for the tag; NOBODY for most people.
        has_moved: Whether they changed their address, first in the shop and then everywhere.
        is_known_by_phone: Whether the CRM has another address of them than the shop.
    """

    mailbox: Ints
    phone_of: Ints
    shares_phone: Bools
    tagged: Ints
    has_moved: Bools
    is_known_by_phone: Bools

    def emails(self, persons: Ints) -> pa.Array:
        """The first address that the shop has of each person; NULL for unknown people (-1)."""
        rows = len(persons)
        own = text.joined(text.constant("Person", rows), text.digits(persons + 1), text.constant("@Example.org", rows))
        tagged = text.joined(
            text.reference("Family", self.tagged[persons] + 1, 0),
            text.reference("+", persons + 1, 0),
            text.constant("@Example.org", rows),
        )
        known = text.either(self.tagged[persons] != NOBODY, tagged, own)
        known = text.either(self.mailbox[persons] != NOBODY, mailbox_emails(self.mailbox[persons]), known)
        return text.where(persons >= 0, known)

    def later_emails(self, persons: Ints) -> pa.Array:
        """The address of each person after the change, for those who changed it; else the first one."""
        return text.either(self.has_moved[persons], elsewhere(persons, "example.net"), self.emails(persons))

    def crm_emails(self, persons: Ints) -> pa.Array:
        """The address that the CRM has of each person."""
        work = elsewhere(persons, "work.example.com")
        return text.either(self.is_known_by_phone[persons], work, self.later_emails(persons))

    def settled_on(self, since: Ints, person: Ints) -> Ints:
        """The first day on which each person uses only the newest address.

        Args:
            since: The day of each buyer's first purchase.
            person: People; leads come after the buyers.
        """
        return since[person % len(since)] + np.where(self.has_moved[person], MOVES_WITHIN, 0)

    def is_planted(self, persons: Ints) -> Bools:
        """Whether people have an unusual address or phone number."""
        shares = (self.mailbox[persons] != NOBODY) | (self.tagged[persons] != NOBODY) | self.shares_phone[persons]
        return np.asarray(shares | self.has_moved[persons] | self.is_known_by_phone[persons])

    def needs_phone(self, persons: Ints) -> Bools:
        """Whether only their phone number shows that a record of the shop and one of the CRM are the same person."""
        return np.asarray(self.is_known_by_phone[persons] | (self.mailbox[persons] != NOBODY))

    def phones(self, persons: Ints, spelling: Ints) -> pa.Array:
        """The phone number of each person, written in one of several ways (any number; 0 is the usual one)."""
        way = spelling % len(_BEFORE)
        number = text.joined(text.picked(_BEFORE, way), text.digits(self.phone_of[persons] + 1_000_000))
        return text.full_width(number, np.asarray(way == len(_BEFORE) - 1))


def mailbox_emails(mailboxes: Ints) -> pa.Array:
    """The address of each shared mailbox."""
    return text.joined(text.reference("info@club", mailboxes + 1, 0), text.constant(".example.org", len(mailboxes)))


def elsewhere(persons: Ints, domain: str) -> pa.Array:
    """Another address of each person, of a domain."""
    return text.joined(text.reference("person", persons + 1, 0), text.constant(f"@{domain}", len(persons)))


def spelled(emails: pa.Array, spelling: Ints) -> pa.Array:
    """Some addresses in capitals (2 of 10 numbers) or in full-width characters (1 of 10); the others as they are."""
    way = spelling % 10
    return text.full_width(text.upper(emails, np.asarray(way < 2)), np.asarray(way == 2))


def build(people: People, last: int, seed: int) -> Addresses:
    """Give people their addresses.

    Only people with exactly one reference in the shop, and with a customer record, get an unusual address.

    Args:
        people: The people.
        last: The last day, since 1970.
        seed: Seed of the draws.

    Returns:
        The addresses.
    """
    rng = draws(seed, "addresses")
    n = len(people.since)
    total = n + max(1, n // 50)
    chosen = rng.permutation(
        np.flatnonzero(people.has_record & ~people.has_second_ref & (people.registered == people.since))
    )
    mailbox, tagged = np.full(total, NOBODY), np.full(total, NOBODY)
    phone_of, has_moved, is_known_by_phone = np.arange(total), np.zeros(total, bool), np.zeros(total, bool)

    def take(count: int, size: int) -> Ints:
        """The next people, in groups of `size`: one row per group."""
        nonlocal chosen
        count = min(count, len(chosen) // size)
        taken, chosen = chosen[: count * size], chosen[count * size :]
        return taken.reshape(count, size)

    pairs = max(1, n // 50)
    mailboxes = take(max(1, n // 1000) if n >= MIN_FOR_MAILBOX else 0, MAILBOX_USERS)
    mailbox[mailboxes] = np.arange(len(mailboxes))[:, None]
    households = take(pairs, 2)
    phone_of[households] = households[:, :1]
    shares_phone = np.isin(np.arange(total), households)
    families = take(pairs // 2 + 1, 2)
    tagged[families] = families[:, :1]
    is_known_by_phone[take(2 * pairs, 1)] = True
    moving = take(2 * pairs, 1).ravel()
    has_moved[moving[people.registered[moving] + MOVES_WITHIN < last]] = True
    return Addresses(mailbox, phone_of, shares_phone, tagged, has_moved, is_known_by_phone)


def can_be_asked(people: People) -> Ints:
    """The people whose address or phone the shop has: those with a customer record, and guests."""
    return np.flatnonzero(people.has_record | (people.registered == NEVER))
