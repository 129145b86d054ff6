"""The customer records of the shop: new contacts as Parquet with typed columns, later changes as CSV."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.sample import text
from pipelines.sample.addresses import MOVES_WITHIN, Addresses
from pipelines.sample.feed import Every, Feed
from pipelines.sample.people import COUNTRIES, FIRST_NAMES, LAST_NAMES, People, refs
from pipelines.sample.process import Ints, draws
from pipelines.sample.text import Clock

SEGMENTS = ["private", "business", "club"]
SOURCES = ["Search", "Social", "Referral", "Store", "Affiliate"]
OWNERS = ["Mia Krüger", "Tom Berger"]
OLDEST, YOUNGEST = -10_957, 12_784  # born 1940 to 2004, in days since 1970


class Contacts:
    """Each reference with a customer record, with its data and its changes.

    Args:
        people: The people.
        addresses: Their addresses.
        clock: The clock of the time zone.
        seed: Seed of the draws.
    """

    def __init__(self, people: People, addresses: Addresses, clock: Clock, seed: int) -> None:
        rng = draws(seed, "contacts")
        first = np.flatnonzero(people.has_record)
        second = np.flatnonzero(people.has_record & people.has_second_ref)
        self.people = people
        self.addresses = addresses
        self.clock = clock
        self.person: Ints = np.concatenate([first, second])
        self.is_second = np.arange(len(self.person)) >= len(first)
        n = len(self.person)
        self.signed_up_at: Ints = clock.utc(people.registered[self.person], rng.integers(0, 3600, n) + 5 * 3600)
        self.segment = rng.choice(3, n, p=[0.8, 0.12, 0.08])
        self.source = rng.choice(len(SOURCES), n)
        self.cost: Ints = rng.integers(50, 2500, n)
        self.born: Ints = rng.integers(OLDEST, YOUNGEST, n)
        self.gender = rng.choice(4, n, p=[0.46, 0.44, 0.02, 0.08])
        self.consents = rng.random((n, 3)) < (0.6, 0.3, 0.2)
        self.is_employee = rng.random(n) < 0.004
        delay = rng.integers(5, 200, n)
        has_moved = addresses.has_moved[self.person]
        change_day = people.registered[self.person] + np.where(has_moved, delay % (MOVES_WITHIN - 1) + 1, delay)
        changes = ((rng.random(n) < 0.25) | has_moved) & (change_day < clock.last)
        self.changed: Ints = np.flatnonzero(changes)
        self.changed_at: Ints = clock.utc(change_day[self.changed], 10 * 3600 + self.changed % 9000)

    def names(self, which: Ints) -> pa.Array:
        """First and last name; some last names have a comma or an accent."""
        person = self.person[which]
        first = text.picked(FIRST_NAMES, self.people.first_name[person])
        return text.joined(first, text.picked(LAST_NAMES, self.people.last_name[person]), by=" ")

    def references(self, which: Ints) -> pa.Array:
        """The reference of each contact."""
        return refs(self.person[which], self.is_second[which])

    def person_refs(self, which: Ints) -> pa.Array:
        """The shared reference of a person with two references; NULL for people with only one."""
        person = self.person[which]
        return text.where(self.people.has_second_ref[person], text.reference("P", person + 1))

    def new_feed(self) -> Feed:
        """New contacts."""
        arrives = self.people.registered[self.person]
        return Feed("contacts", "parquet", Every.MONTH, "customers", ("ref",), arrives, self._new)

    def _new(self, which: Ints) -> pa.Table:
        person = self.person[which]
        return pa.table(
            {
                "ref": self.references(which),
                "person": self.person_refs(which),
                "name": self.names(which),
                "email": self.addresses.emails(person),
                "phone": self.addresses.phones(person, np.zeros(len(person), np.int64)),
                "signed_up": pa.array(self.signed_up_at[which] * 1_000_000, pa.timestamp("us", tz="UTC")),
                "born": pc.cast(pa.array(self.born[which], pa.int32()), pa.date32()),
                "gender": text.picked(["f", "m", "x", ""], self.gender[which]),
                "country": text.picked(COUNTRIES, self.people.country[person]),
                "segment": text.picked(SEGMENTS, self.segment[which]),
                "owner": text.picked(OWNERS, person % 2),
                "lead_source": text.picked(SOURCES, self.source[which]),
                "lead_cost": pc.cast(text.money(self.cost[which]), pa.decimal128(18, 2)),
                "employee": pa.array(self.is_employee[which]),
                "email_ok": pa.array(self.consents[which, 0]),
                "sms_ok": pa.array(self.consents[which, 1]),
                "phone_ok": pa.array(self.consents[which, 2]),
                "modified": pa.array(self.signed_up_at[which] * 1_000_000, pa.timestamp("us", tz="UTC")),
            }
        )

    def change_feed(self) -> Feed:
        """Changed contacts: another segment, withdrawn consent, a new e-mail address."""
        days = self.clock.day(self.changed_at)
        return Feed(
            "contact_changes",
            "csv",
            Every.MONTH,
            "customers",
            ("Reference",),
            days,
            self._changed,
            separator=";",
            keys=0,
        )

    def _changed(self, rows: Ints) -> pa.Table:
        which = self.changed[rows]
        person = self.person[which]
        flags = ["no", "yes"]
        taken_back = self.consents[which] & (which % 2 == 0)[:, None]
        return pa.table(
            {
                "Reference": self.references(which),
                "Person": self.person_refs(which),
                "Name": self.names(which),
                "E-mail": self.addresses.later_emails(person),
                "Telephone": self.addresses.phones(person, np.zeros(len(person), np.int64)),
                "Signed up": text.formatted(self.clock.local(self.signed_up_at[which]), "%d.%m.%Y %H:%M:%S"),
                "Birthday": text.day_text(self.born[which]),
                "Gender": text.picked(["f", "m", "x", ""], self.gender[which]),
                "Country": text.picked(COUNTRIES, self.people.country[person]),
                "Segment": text.picked(SEGMENTS, (self.segment[which] + 1) % len(SEGMENTS)),
                "Owner": text.picked(OWNERS, person % 2),
                "Source": text.picked(SOURCES, self.source[which]),
                "Cost": text.money(self.cost[which]),
                "Employee": text.picked(flags, self.is_employee[which].astype(np.int64)),
                "E-mail allowed": text.picked(flags, taken_back[:, 0].astype(np.int64)),
                "SMS allowed": text.picked(flags, taken_back[:, 1].astype(np.int64)),
                "Calls allowed": text.picked(flags, taken_back[:, 2].astype(np.int64)),
                "Modified": text.zulu(self.changed_at[rows]),
            }
        )
