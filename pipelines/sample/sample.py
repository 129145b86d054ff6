"""`write_sample`: composes the parts of the sample and nothing else."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.sample import catalogue, order_files, orders, people, rates, writer
from pipelines.sample.contacts import Contacts
from pipelines.sample.feed import Feed
from pipelines.sample.feedback import Surveys, returns_feed
from pipelines.sample.process import Parameters, day_number, simulate
from pipelines.sample.text import Clock

ZONE = "Europe/Berlin"
UNTIL = date(2025, 6, 30)
CONFIG = """\
# The config of a sample: `loyalty run --config <this file>`.
home: .
as_of: latest
timezone: Europe/Berlin
currency: EUR
industry: e-commerce
sources:
  - mapping: sample
    files: inbox
"""


@dataclass(frozen=True)
class SampleReport:
    """What was written.

    Attributes:
        files: How many files stand in the inbox.
        rows: Records by kind of file.
        bad_rows: Planted bad rows by rule.
    """

    files: int
    rows: dict[str, int]
    bad_rows: dict[str, int]


def write_sample(
    out: Path, *, customers: int = 5000, days: int = 500, seed: int = 7, dirty: float = 0.01, until: date = UNTIL
) -> SampleReport:
    """Write a shop's files and the truth about them.

    Args:
        out: Folder to write to: `inbox/`, `truth/` and `loyalty.yml` are made in it.
        customers: How many are acquired over the time.
        days: Length of the time.
        seed: Same seed, same bytes.
        dirty: Bad rows planted, as a share of the good ones.
        until: Last day.

    Returns:
        What was written.
    """
    last = day_number(until)
    first = last - days + 1
    inbox = out / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    clock = Clock(ZONE, first - 15, last)
    lives, purchases = simulate(customers, first, last, seed, Parameters())
    everyone = people.build(lives, first, last, seed)
    goods = catalogue.build(seed)
    fx = rates.build(first, last, seed)
    placed, lines = orders.build(purchases, everyone, goods, fx, clock, seed)
    contacts = Contacts(everyone, clock, seed)
    surveys = Surveys(placed, clock, seed)
    feeds: list[Feed] = [
        order_files.orders_feed(placed, clock),
        order_files.lines_feed(placed, lines, goods, clock),
        catalogue.feed(goods, first, last),
        rates.feed(fx, first),
        contacts.new_feed(),
        contacts.change_feed(),
        surveys.nps_feed(),
        surveys.csat_feed(),
        surveys.invitations_feed(),
        returns_feed(placed, lines, clock, seed),
    ]
    written = {feed.name: writer.write(feed, inbox, last) for feed in feeds}
    (out / "loyalty.yml").write_text(CONFIG, encoding="utf-8")
    return SampleReport(
        files=sum(len(each.files) for each in written.values()),
        rows={name: sum(each.rows) for name, each in written.items()},
        bad_rows={},
    )
