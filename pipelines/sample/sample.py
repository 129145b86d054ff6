"""`write_sample`: combines the parts of the sample."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.base.errors import ConfigError
from pipelines.sample import (
    addresses,
    attitudes,
    catalogue,
    dirt,
    order_files,
    orders,
    people,
    planted,
    programme,
    rates,
    trial,
    truth,
    writer,
)
from pipelines.sample.contacts import Contacts
from pipelines.sample.coverage import coverage_feed
from pipelines.sample.crm import Crm
from pipelines.sample.feed import SHOP, Feed
from pipelines.sample.feedback import Surveys, returns_feed
from pipelines.sample.kiosk import kiosk_feed
from pipelines.sample.payments import payments_feed
from pipelines.sample.process import Parameters, day_number, simulate
from pipelines.sample.service import cases_feed, interactions_feed
from pipelines.sample.survey_tool import SurveyTool
from pipelines.sample.target import refuse_other_files
from pipelines.sample.text import Clock
from pipelines.sample.truth_people import known_as

ZONE = "Europe/Berlin"
UNTIL = date(2025, 6, 30)
#: With fewer, some kinds of files would have no rows.
MIN_CUSTOMERS, MIN_DAYS = 20, 60
#: The folder of each source.
INBOXES = {SHOP: "inbox", "crm": "inbox_crm", "survey_tool": "inbox_survey_tool"}
#: The feeds of which one file is delivered twice.
REPEATED = ("orders", "order_lines", "returns")
CONFIG = """\
# The config of the sample shop with its CRM and its survey tool: `loyalty run --config <this file>`.
home: .
as_of: latest
timezone: Europe/Berlin
currency: EUR
industry: e-commerce
sources:
  - mapping: sample
    files: inbox
  - mapping: crm
    files: inbox_crm
  - mapping: survey_tool
    files: inbox_survey_tool
# The sample breaks every rule at least once, also in small files. Files with fewer rows than this have no limit.
quarantine: {min_rows: 100}
model:
  # The CRM has phone numbers without a country code.
  identity: {phone_region: DE}
  # A point is worth a cent. Most of the fee of the paid tier is margin.
  programme: {point_value: 0.01}
  contract: {margin_share: 0.9}
"""


@dataclass(frozen=True)
class SampleReport:
    """The result of `write_sample`.

    Attributes:
        files: The number of files in the inboxes.
        rows: The number of records by kind of file.
        bad_rows: The number of bad rows by rule.
    """

    files: int
    rows: dict[str, int]
    bad_rows: dict[str, int]


def write_sample(
    out: Path, *, customers: int = 5000, days: int = 500, seed: int = 7, dirty: float = 0.01, until: date = UNTIL
) -> SampleReport:
    """Write the files of a shop, of its CRM and of its survey tool, and the true values.

    Args:
        out: The folder in which the inboxes (`inbox/`, `inbox_crm/`, `inbox_survey_tool/`), `truth/` and `loyalty.yml`
            are created.
        customers: The number of customers who are acquired in the period.
        days: The length of the period in days.
        seed: The same seed gives the same bytes.
        dirty: The number of bad rows as a share of the good rows.
        until: The last day of the period.

    Returns:
        What was written.

    Raises:
        ConfigError: An argument is out of its limits, or `out` has files that do not belong to the same sample.
    """
    asked: dict[str, str | int | float] = {
        "customers": customers,
        "days": days,
        "seed": seed,
        "dirty": dirty,
        "until": until.isoformat(),
    }
    _check(asked)
    refuse_other_files(out, list(INBOXES.values()), asked)
    last = day_number(until)
    first = last - days + 1
    inboxes = {source: out / name for source, name in INBOXES.items()}
    for inbox in inboxes.values():
        inbox.mkdir(parents=True, exist_ok=True)
    parameters = Parameters()
    # The parameters are written first, so that an interrupted sample can be written again in the same place.
    truth.write_parameters(out / "truth", parameters, asked)
    clock = Clock(ZONE, first - 15, last)
    lives, purchases = simulate(customers, first, last, seed, parameters)
    everyone = people.build(lives, first, last, seed)
    where = addresses.build(everyone, last, seed)
    goods = catalogue.build(seed)
    fx = rates.build(first, last, seed)
    placed, lines = orders.build(purchases, everyone, goods, fx, clock, seed)
    contacts = Contacts(everyone, where, clock, seed)
    felt = attitudes.build(lives, len(everyone.since), seed)
    tried = trial.build(everyone, lives, purchases, clock, seed)
    surveys = Surveys(placed, where, felt, clock, seed)
    crm, tool = Crm(everyone, where, clock, seed), SurveyTool(everyone, where, felt, clock, seed)
    feeds: list[Feed] = [
        order_files.orders_feed(placed, where, clock),
        order_files.lines_feed(placed, lines, goods, clock),
        catalogue.feed(goods, first, last),
        rates.feed(fx, first),
        contacts.new_feed(),
        contacts.change_feed(),
        surveys.nps_feed(),
        surveys.csat_feed(),
        surveys.invitations_feed(),
        kiosk_feed(placed, lives, purchases, clock, seed),
        returns_feed(placed, lines, clock, seed),
        payments_feed(placed, clock, seed),
        interactions_feed(everyone, clock, seed),
        cases_feed(placed, lives, purchases, clock, seed),
        *programme.loyalty_feeds(everyone, placed, clock, seed),
        programme.referrals_feed(everyone, clock, seed),
        programme.touches_feed(everyone, placed, tried, clock, seed),
        coverage_feed(first, last),
        crm.contacts_feed(),
        crm.activities_feed(),
        crm.tickets_feed(),
        tool.invitations_feed(),
        tool.answers_feed(),
    ]
    written = [writer.write(feed, dirt.plan(feed, dirty, seed), inboxes[feed.source], last) for feed in feeds]
    repeated = _repeat_files(inboxes[SHOP], written)
    tables = {
        "planted_bad_rows": truth.bad_rows(written),
        "expected_counts": truth.counts(written),
        "files": truth.files(written, repeated),
        "unknown_channels": truth.unknown_channels(written),
        "effects": truth.effects(written),
        "people": known_as(everyone, where, placed, crm, tool),
        "customers": truth.customers(
            lives, felt, planted.levels(lives, purchases, parameters, last), everyone, placed, fx
        ),
        "levels": planted.at_month_ends(lives, purchases, parameters, first, last),
    }
    truth.write_tables(out / "truth", tables)
    (out / "loyalty.yml").write_text(CONFIG, encoding="utf-8")
    rules = Counter(row.rule for each in written for row in each.bad)
    return SampleReport(
        files=sum(len(each.files) for each in written) + len(repeated),
        rows={each.feed.name: sum(each.records) for each in written},
        bad_rows=dict(sorted(rules.items())),
    )


def _check(asked: dict[str, str | int | float]) -> None:
    limits: dict[str, tuple[float, float]] = {
        "customers": (MIN_CUSTOMERS, 10_000_000),
        "days": (MIN_DAYS, 7300),
        "seed": (0, 2**63 - 1),
        "dirty": (0, 0.5),
    }
    for name, (low, high) in limits.items():
        if not low <= float(asked[name]) <= high:
            raise ConfigError(
                f"a sample with {name} = {asked[name]} cannot be made",
                hint=f"Choose a value between {low} and {high} for {name}.",
            )


def _repeat_files(inbox: Path, written: list[writer.Written]) -> dict[str, str]:
    """Deliver a few files again, under another name with the same day. Returns copy to original."""
    copies: dict[str, str] = {}
    for each in written:
        with_bad_rows = {row.file_name for row in each.bad}
        clean = [name for name in each.files if name not in with_bad_rows]
        if each.feed.name in REPEATED and clean:
            original = clean[len(clean) // 2]
            stem, _, suffix = original.partition(".")
            copies[f"{stem}_again.{suffix}"] = original
    for copy, original in copies.items():
        (inbox / copy).write_bytes((inbox / original).read_bytes())
    return copies
