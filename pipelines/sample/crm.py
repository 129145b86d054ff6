"""The CRM, a source of its own: contacts with other references than the shop's, their activities and tickets.

Some contacts are duplicates: either the CRM names the contact that they were merged into (also in chains), or only the
e-mail address is the same. Some activities and tickets state only the sender's e-mail address.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.addresses import NOBODY, Addresses, can_be_asked, elsewhere, spelled
from pipelines.sample.feed import Every, Feed
from pipelines.sample.people import COUNTRIES, FIRST_NAMES, LAST_NAMES, People, refs
from pipelines.sample.process import Ints, draws
from pipelines.sample.service import AGENTS, CASE_KINDS, SUBJECTS
from pipelines.sample.text import DAY_S, Bools, Clock

SOURCE = "crm"
ACTIVITIES = ["Call", "Email", "Visit", "Note"]
#: How a contact came about: by itself, merged into it, merged into the merged one, with the same address.
FIRST, MERGED, MERGED_BEFORE, SAME_EMAIL = range(4)


@dataclass(frozen=True)
class Events:
    """Events of contacts, sorted by day.

    Attributes:
        contact: The contact.
        is_assigned: Whether the event states the contact; otherwise it states the sender's e-mail address.
        day: Its local day.
        at: Its time in UTC seconds.
    """

    contact: Ints
    is_assigned: Bools
    day: Ints
    at: Ints


def _events(since: Ints, per_contact: float, assigned: float, clock: Clock, rng: np.random.Generator) -> Events:
    contact = rng.integers(0, len(since), max(1, int(len(since) * per_contact)))
    day = since[contact] + rng.integers(0, 120, len(contact))
    contact, day = contact[day <= clock.last], day[day <= clock.last]
    order = np.argsort(day, kind="stable")
    contact, day = contact[order], day[order]
    at = clock.utc(day, rng.integers(9 * 3600, 17 * 3600, len(day)))
    return Events(contact, rng.random(len(day)) < assigned, day, at)


class Crm:
    """The contacts.

    Attributes:
        person: The person of each contact: index into Addresses.
        day: The local day on which each was created.

    Args:
        people: The people.
        addresses: Their addresses, also those of leads.
        clock: The clock of the time zone.
        seed: Seed of the draws.
    """

    def __init__(self, people: People, addresses: Addresses, clock: Clock, seed: int) -> None:
        rng = draws(seed, "crm")
        self.people, self.addresses = people, addresses
        asked = can_be_asked(people)
        leads = np.arange(len(people.since), len(addresses.mailbox))
        share = np.where(addresses.is_planted(asked), 0.9, 0.4)
        person = np.concatenate([asked[rng.random(len(asked)) < share], leads])
        day = addresses.settled_on(people.since, person) + rng.integers(0, 40, len(person))
        person, day = person[day <= clock.last], day[day <= clock.last]

        n = len(person)
        twice = rng.permutation(np.flatnonzero(~addresses.is_planted(person)))
        few = max(1, n // 100)
        merged, before = np.sort(twice[: 3 * few]), np.sort(twice[:few])
        same = twice[3 * few : 5 * few]
        first = np.concatenate([np.arange(n), merged, before, same])
        kind = np.repeat(np.arange(4), [n, len(merged), len(before), len(same)])
        into = np.concatenate([np.full(n, -1), merged, n + np.searchsorted(merged, before), np.full(len(same), -1)])
        day = np.minimum(day[first] + rng.integers(1, 30, len(first)) * (kind != FIRST), clock.last)
        order = np.argsort(day, kind="stable")
        place = np.argsort(order, kind="stable")
        self.person: Ints = person[first][order]
        self.day: Ints = day[order]
        self._kind: Ints = kind[order]
        self._into: Ints = np.where(into < 0, -1, place[np.maximum(into, 0)])[order]

        n = len(self.person)
        self._email_spelling, self._phone_spelling = rng.integers(0, 10, n), rng.integers(0, 8, n)
        phones = (rng.random(n) < 0.7) | addresses.needs_phone(self.person)
        self._has_phone: Bools = phones & (self._kind != SAME_EMAIL) & ~addresses.has_moved[self.person]
        self._names_shop = rng.random(n) < 0.3
        self._company: Ints = np.where(rng.random(n) < 0.15, self.person // 40, NOBODY)
        later = self.day + rng.integers(1, 30, n)
        self._changed: Ints = np.flatnonzero((rng.random(n) < 0.1) & (later <= clock.last))
        self._changed_day: Ints = later[self._changed]
        self._activities = _events(self.day, 2.0, 0.9, clock, rng)
        self._tickets = _events(self.day, 0.4, 0.7, clock, rng)

    def references(self, contacts: Ints) -> pa.Array:
        """The CRM's own reference of each contact; NULL for -1."""
        return text.where(contacts >= 0, text.reference("K-", contacts + 1, 6))

    def contacts_feed(self) -> Feed:
        """Each contact when it is created. One in ten gets its phone number later, in a second version."""
        n = len(self.person)
        which = np.concatenate([np.arange(n), self._changed])
        day = np.concatenate([self.day, self._changed_day])

        def render(rows: Ints) -> pa.Table:
            return self._contact_rows(which[rows], day[rows], rows >= n)

        return Feed("crm_contacts", "csv", Every.MONTH, "customers", ("contact",), day, render, keys=n, source=SOURCE)

    def _contact_rows(self, contact: Ints, day: Ints, is_later: Bools) -> pa.Table:
        person, people = self.person[contact], self.people
        buyer = person % len(people.since)
        has_ref = self._names_shop[contact] & (person == buyer)
        waits = np.isin(contact, self._changed) & ~is_later
        first = text.picked(FIRST_NAMES, people.first_name[buyer])
        return pa.table(
            {
                "contact": self.references(contact),
                "merged_into": self.references(self._into[contact]),
                "shop_no": text.where(has_ref & people.has_record[buyer], refs(person, np.zeros(len(person), bool))),
                "company": text.where(
                    self._company[contact] != NOBODY, text.reference("A-", self._company[contact] + 1, 5)
                ),
                "full_name": text.joined(first, text.picked(LAST_NAMES, people.last_name[buyer]), by=" "),
                "mail": self._emails(contact),
                "tel": text.where(
                    self._has_phone[contact] & ~waits,
                    self.addresses.phones(person, self._phone_spelling[contact]),
                ),
                "country": text.picked(COUNTRIES, people.country[buyer]),
                "created": text.zulu(self.day[contact] * DAY_S + 9 * 3600),
                "changed": text.zulu(day * DAY_S + 9 * 3600),
            }
        )

    def _emails(self, contact: Ints) -> pa.Array:
        person, kind = self.person[contact], self._kind[contact]
        known = self.addresses.crm_emails(person)
        known = text.either(kind == MERGED, elsewhere(person, "old.example.net"), known)
        known = text.either(kind == MERGED_BEFORE, elsewhere(person, "older.example.net"), known)
        return spelled(known, self._email_spelling[contact])

    def mailed(self) -> Ints:
        """The people of whom an activity or a ticket states only the e-mail address."""
        contacts = [events.contact[~events.is_assigned] for events in (self._activities, self._tickets)]
        return np.unique(self.person[np.concatenate(contacts)])

    def _stated(self, events: Events, rows: Ints) -> dict[str, pa.Array]:
        contact, is_assigned = events.contact[rows], events.is_assigned[rows]
        sender = self.addresses.crm_emails(self.person[contact])
        return {
            "contact": text.where(is_assigned, self.references(contact)),
            "mail": text.where(~is_assigned, spelled(sender, rows)),
        }

    def activities_feed(self) -> Feed:
        """Calls, mails, visits and notes."""
        events = self._activities

        def render(rows: Ints) -> pa.Table:
            kind = np.where(events.is_assigned[rows], rows % len(ACTIVITIES), ACTIVITIES.index("Email"))
            return pa.table(
                {
                    "activity": text.reference("V", rows + 1),
                    **self._stated(events, rows),
                    "at": text.zulu(events.at[rows]),
                    "type": text.picked(ACTIVITIES, kind),
                    "direction": text.picked(["in", "out"], rows // 4 % 2),
                    "title": text.picked(SUBJECTS, rows % len(SUBJECTS)),
                    "staff": text.picked(AGENTS, rows % len(AGENTS)),
                }
            )

        return Feed(
            "crm_activities", "jsonl", Every.MONTH, "interactions", ("activity",), events.day, render, source=SOURCE
        )

    def tickets_feed(self) -> Feed:
        """Cases, also from the form on the web site: that one asks for an e-mail address only."""
        events = self._tickets

        def render(rows: Ints) -> pa.Table:
            return pa.table(
                {
                    "ticket": text.reference("T-", rows + 1),
                    **self._stated(events, rows),
                    "opened": text.zulu(events.at[rows]),
                    "answered": text.zulu(events.at[rows] + 600 + rows % 7200),
                    "type": text.picked(CASE_KINDS, rows % len(CASE_KINDS)),
                    "state": text.picked(["Open", "Solved"], np.minimum(rows % 5, 1)),
                    "text": text.picked(SUBJECTS, rows % len(SUBJECTS)),
                }
            )

        return Feed("crm_tickets", "csv", Every.MONTH, "cases", ("ticket",), events.day, render, source=SOURCE)
