"""What can be wrong with a row, feed by feed: the edits that break one rule, and that rule only.

Data, not code: how rows are chosen and edited stands in dirt.py. The rules are those of dbt's seed `quarantine_rules`;
a test holds this list to that one. An edit gives a column another text (None: empty). Several for one rule take turns.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.sample.feedback import CSAT_QUESTIONS, NPS_QUESTIONS

Edits = dict[str, str | None]

AMOUNTS = ("12,50", "1e3", "0x1F", "12.345", "twelve", "NaN", "12.5€", "1.000.000")
PRICES = ("1,5", "1e3", "0x1F", "1.23456", "free", "1 2")
WHOLES = ("12.0", "1e2", "0x1F", "12s")
TIMES = ("yesterday", "2017", "2024-13-01 10:00:00", "2024-02-30 10:00:00", "31/12/24", "24:00")
DAYS = ("2024-02-30", "31.12.1990", "199O-01-01", "2017")
FLAGS = ("maybe", "2", "ja")
CODES = ("EURO", "€", "eur", "US")
FUTURE = "2099-01-01T10:00:00Z"


@dataclass(frozen=True)
class Breakage:
    """One way to break one rule.

    Attributes:
        rule: The code that must be found.
        edits: Column to its new text.
        damage: For records that landing cannot read: what is done to the line, see dirt.py.
    """

    rule: str
    edits: Edits = field(default_factory=dict)
    damage: str = ""


def _each(rule: str, column: str, texts: tuple[str, ...], **others: None) -> Iterator[Breakage]:
    for text in texts:
        yield Breakage(rule, {column: text, **others})


def _one(rule: str, column: str, text: str | None, **others: str | None) -> Iterator[Breakage]:
    yield Breakage(rule, {column: text, **others})


def _negative(rule: str, column: str) -> Iterator[Breakage]:
    return _one(rule, column, "-0.01")


def _table_damage(*, with_nul: bool = False) -> Iterator[Breakage]:
    for rule, damage in (("LND-001", "surplus"), ("LND-001", "short"), ("LND-002", "quote")):
        yield Breakage(rule, damage=damage)
    if with_nul:
        yield Breakage("LND-003", damage="nul")


def _orders() -> Iterator[Breakage]:
    yield from _one("ORD-001", "Order", None)
    for number, column in enumerate(("Placed", "Paid", "Cancelled", "Promised", "Delivered"), start=2):
        yield from _each(f"ORD-{number:03}", column, TIMES)
    for number, column in enumerate(("Gross", "Discount", "Tax", "Shipping", "Total"), start=7):
        yield from _each(f"ORD-{number:03}", column, AMOUNTS)
        yield from _negative(f"ORD-{number + 97}", column)
    yield from _each("ORD-012", "Test", FLAGS)
    yield from _each("ORD-013", "Changed", TIMES)
    yield from _one("ORD-101", "Placed", None)
    yield from _one("ORD-102", "Placed", "2099-01-01 10:00:00")
    yield from _one("ORD-103", "Changed", FUTURE)
    yield from _one("ORD-109", "Cancelled", "2001-01-01 10:00:00")
    yield from _one("ORD-110", "Delivered", "2001-01-01 10:00:00")
    yield from _each("ORD-111", "Currency", CODES)
    yield from _table_damage(with_nul=True)


def _lines() -> Iterator[Breakage]:
    yield from _one("LIN-001", "order_no", None)
    yield from _one("LIN-001", "line_no", None)
    prices = ("qty", "unit_price", "list_price", "discount", "unit_cost")
    for number, column in enumerate(prices, start=2):
        yield from _each(f"LIN-{number:03}", column, AMOUNTS if column == "discount" else PRICES)
    yield from _each("LIN-007", "ordered", TIMES)
    yield from _each("LIN-008", "changed", TIMES)
    yield from _one("LIN-101", "ordered", "2099-01-01 10:00:00")
    yield from _one("LIN-102", "changed", FUTURE)
    yield from _each("LIN-103", "qty", ("-1", "0"))
    for number, column in enumerate(prices[1:], start=104):
        yield from _negative(f"LIN-{number}", column)
    yield from _each("LIN-108", "currency", CODES)
    yield from _table_damage()


def _payments() -> Iterator[Breakage]:
    yield from _one("PAY-001", "payment", None)
    yield from _each("PAY-002", "booked", TIMES)
    yield from _each("PAY-003", "amount", ("1e3", "0x1F", "12,345", "twelve", "1.000,00"))
    yield from _each("PAY-004", "changed", TIMES)
    yield from _one("PAY-101", "booked", "01.01.2099 10:00:00")
    yield from _one("PAY-102", "changed", FUTURE)
    yield from _one("PAY-103", "order", None)
    yield from _one("PAY-104", "amount", "-0,01")
    yield from _each("PAY-105", "currency", CODES)
    yield from _one("LND-005", "state", "unheard of")
    yield from _table_damage()


def _products() -> Iterator[Breakage]:
    yield from _one("PRD-001", "sku", None)
    yield from _each("PRD-002", "unit_cost", PRICES)
    yield from _each("PRD-003", "changed", TIMES)
    yield from _negative("PRD-101", "unit_cost")
    yield from _one("PRD-102", "changed", FUTURE)


def _returns() -> Iterator[Breakage]:
    yield from _one("RET-001", "id", None)
    yield from _each("RET-002", "returned", TIMES)
    yield from _each("RET-003", "quantity", PRICES)
    yield from _each("RET-004", "refund.amount", AMOUNTS)
    yield from _each("RET-005", "updated", TIMES)
    yield from _one("RET-101", "returned", None)
    yield from _one("RET-102", "returned", "2099-01-01T10:00:00+01:00")
    yield from _one("RET-103", "updated", FUTURE)
    yield from _negative("RET-104", "refund.amount")
    yield from _one("RET-105", "quantity", "-1")
    yield from _one("RET-106", "kind", "exchange")
    yield from _one("RET-107", "why.fault", "nobody")
    yield from _each("RET-108", "refund.currency", CODES)
    yield Breakage("LND-004", damage="json")


def _contacts() -> Iterator[Breakage]:
    yield from _one("CUS-001", "Reference", None)
    yield from _each("CUS-002", "Signed up", TIMES)
    yield from _each("CUS-003", "Birthday", DAYS)
    yield from _each("CUS-004", "Cost", AMOUNTS)
    for number, column in enumerate(("Employee", "E-mail allowed", "SMS allowed", "Calls allowed"), start=5):
        yield from _each(f"CUS-{number:03}", column, FLAGS)
    yield from _each("CUS-009", "Modified", TIMES)
    yield from _one("CUS-101", "Signed up", "01.01.2099 10:00:00")
    yield from _one("CUS-102", "Modified", FUTURE)
    yield from _each("CUS-103", "Birthday", ("1800-01-01", "2099-01-01"))
    yield from _negative("CUS-104", "Cost")
    yield from _table_damage()


def _interactions() -> Iterator[Breakage]:
    yield from _one("INT-001", "id", None)
    yield from _each("INT-002", "at", ("soon", "2024-06-01 10:00:00", "12:30"))
    yield from _each("INT-003", "mood", PRICES)
    yield from _each("INT-004", "seconds", WHOLES)
    yield from _each("INT-005", "cost", AMOUNTS)
    yield from _each("INT-006", "updated", ("soon", "2024-06-01 10:00:00"))
    yield from _one("INT-101", "at", None)
    yield from _one("INT-102", "at", "4070908800000")
    yield from _one("INT-103", "updated", "4070908800000")
    yield from _one("INT-104", "kind", "telepathy")
    yield from _one("INT-105", "seconds", "-1")
    yield from _negative("INT-106", "cost")
    yield Breakage("LND-004", damage="json")


def _cases() -> Iterator[Breakage]:
    yield from _one("CAS-001", "case", None)
    for number, column in enumerate(("opened", "answered", "closed"), start=2):
        yield from _each(f"CAS-{number:03}", column, TIMES)
    yield from _each("CAS-005", "satisfaction", PRICES)
    yield from _each("CAS-006", "cost", AMOUNTS)
    yield from _each("CAS-007", "updated", TIMES)
    yield from _one("CAS-101", "opened", None)
    yield from _one("CAS-102", "opened", FUTURE, answered=None, closed=None)
    yield from _one("CAS-103", "updated", FUTURE)
    yield from _one("CAS-104", "kind", "rant")
    yield from _one("CAS-105", "answered", "2001-01-01T10:00:00Z")
    yield from _one("CAS-106", "closed", "2001-01-01T10:00:00Z")
    yield from _negative("CAS-107", "cost")


def _touches() -> Iterator[Breakage]:
    yield from _one("TCH-001", "touch", None)
    yield from _each("TCH-002", "at", TIMES)
    yield from _each("TCH-003", "cost", AMOUNTS)
    yield from _each("TCH-004", "changed", TIMES)
    yield from _one("TCH-101", "at", None)
    yield from _one("TCH-102", "at", "01.01.2099 10:00:00")
    yield from _one("TCH-103", "changed", FUTURE)
    yield from _one("TCH-104", "type", "spam")
    yield from _one("TCH-105", "action", "ignored")
    yield from _one("TCH-106", "arm", "left")
    yield from _negative("TCH-107", "cost")
    yield from _each("TCH-108", "currency", CODES)
    yield from _table_damage()


def _loyalty() -> Iterator[Breakage]:
    yield from _one("LOY-001", "event", None)
    yield from _each("LOY-002", "time", TIMES)
    yield from _each("LOY-003", "points", PRICES)
    yield from _each("LOY-004", "worth", AMOUNTS)
    yield from _each("LOY-005", "expires", TIMES)
    yield from _each("LOY-006", "changed", TIMES)
    yield from _one("LOY-101", "time", None)
    yield from _one("LOY-102", "time", "2099-01-01 10:00:00", expires=None)
    yield from _one("LOY-103", "changed", FUTURE)
    yield from _one("LOY-104", "what", "gamble")
    yield from _one("LOY-105", "expires", "2001-01-01 10:00:00")


def _referrals() -> Iterator[Breakage]:
    yield from _one("REF-001", "referral", None)
    yield from _each("REF-002", "on", TIMES)
    yield from _each("REF-003", "changed", TIMES)
    yield from _one("REF-101", "on", None)
    yield from _one("REF-102", "on", "2099-01-01 10:00:00")
    yield from _one("REF-103", "changed", FUTURE)
    yield from _one("REF-104", "by", None)
    yield from _one("REF-105", "brought", None)
    yield from _one("REF-106", "by", "C0000001", brought="C0000001")


def _invitations() -> Iterator[Breakage]:
    yield from _one("INV-001", "invitation", None)
    yield from _each("INV-002", "sent", TIMES)
    yield from _each("INV-003", "changed", TIMES)
    yield from _one("INV-101", "sent", None)
    yield from _one("INV-102", "sent", FUTURE)
    yield from _one("INV-103", "changed", FUTURE)


def _wide(questions: tuple[str, ...], beyond: str) -> Iterator[Breakage]:
    """All answers but the first are taken out, so that the record stands for one row."""
    alone: Edits = dict.fromkeys(questions[1:])
    asked = questions[0]
    yield Breakage("ANS-001", {"Response": None, **alone})
    for text in TIMES:
        yield Breakage("ANS-002", {"Submitted": text, **alone})
    for text in PRICES:
        yield Breakage("ANS-003", {asked: text, **alone})
    yield Breakage("ANS-101", {"Submitted": None, **alone})
    yield Breakage("ANS-102", {"Submitted": "2099/01/01 10:00:00", **alone})
    yield Breakage("ANS-107", {asked: beyond, **alone})


def _kiosk() -> Iterator[Breakage]:
    yield from _one("ANS-001", "question", None)
    yield from _each("ANS-003", "answer", PRICES)
    yield from _each("ANS-004", "lowest", PRICES, highest=None)
    yield from _each("ANS-005", "highest", PRICES, lowest=None)
    yield from _each("ANS-006", "reversed", FLAGS)
    yield from _each("ANS-007", "changed", TIMES)
    yield from _one("ANS-103", "changed", FUTURE)
    yield from _one("ANS-104", "kind", "gossip")
    yield from _one("ANS-105", "measures", "weather")
    yield from _one("ANS-106", "lowest", "3", answer="3", highest="3")
    yield from _one("ANS-106", "lowest", None)
    yield from _each("ANS-107", "answer", ("0", "8", "99"))


def _rates() -> Iterator[Breakage]:
    yield from _one("FXR-001", "day", None)
    yield from _one("FXR-001", "currency", None)
    yield from _each("FXR-002", "day", DAYS)
    yield from _each("FXR-003", "eur_per_unit", ("0,92", "9.2e-1", "0x1F", "0.923456789"))
    yield from _each("FXR-004", "published", TIMES)
    yield from _one("FXR-101", "eur_per_unit", None)
    yield from _each("FXR-101", "eur_per_unit", ("0", "-0.92"))
    yield from _one("FXR-102", "day", "2099-01-01")
    yield from _one("FXR-103", "published", FUTURE)
    yield from _each("FXR-104", "currency", ("usd", "$", "DOLLAR"))


def _coverage() -> Iterator[Breakage]:
    yield from _one("COV-001", "entity", None)
    yield from _each("COV-002", "from", DAYS)
    yield from _each("COV-003", "to", DAYS)
    yield from _each("COV-004", "complete", FLAGS)
    yield from _each("COV-005", "changed", TIMES)
    yield from _one("COV-101", "entity", "webshop")
    yield from _one("COV-102", "to", "2001-01-01")
    yield from _one("COV-103", "changed", FUTURE)


#: Feed name to all that can be wrong with its rows.
BREAKAGES: dict[str, tuple[Breakage, ...]] = {
    "orders": tuple(_orders()),
    "order_lines": tuple(_lines()),
    "payments": tuple(_payments()),
    "products": tuple(_products()),
    "returns": tuple(_returns()),
    "contact_changes": tuple(_contacts()),
    "interactions": tuple(_interactions()),
    "cases": tuple(_cases()),
    "campaign_touches": tuple(_touches()),
    "loyalty_events": tuple(_loyalty()),
    "referrals": tuple(_referrals()),
    "survey_invitations": tuple(_invitations()),
    "survey_relationship": tuple(_wide(tuple(NPS_QUESTIONS), "11")),
    "survey_transaction": tuple(_wide(tuple(CSAT_QUESTIONS), "0")),
    "survey_kiosk": tuple(_kiosk()),
    "fx_rates": tuple(_rates()),
    "coverage": tuple(_coverage()),
}
