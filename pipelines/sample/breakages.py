"""The edits per feed that break exactly one rule of a row.

This module is only data: dirt.py chooses and edits the rows. The rules are those of dbt's seed `quarantine_rules`, and
a test compares both lists. An edit gives a column another text (None: empty). If a rule has several edits, they are
used in turn.
"""

from collections.abc import Iterator

from pipelines.landing.spans import Rule
from pipelines.sample.breakage import (
    AMOUNTS,
    CODES,
    DAYS,
    FLAGS,
    FUTURE,
    PRICES,
    TIMES,
    WHOLES,
    Breakage,
    Edits,
    each,
    negative,
    one,
    table_damage,
)
from pipelines.sample.feedback import CSAT_QUESTIONS, NPS_QUESTIONS


def _orders() -> Iterator[Breakage]:
    yield from one("ORD-001", "Order", None)
    for number, column in enumerate(("Placed", "Paid", "Cancelled", "Promised", "Delivered"), start=2):
        yield from each(f"ORD-{number:03}", column, TIMES)
    for number, column in enumerate(("Gross", "Discount", "Tax", "Shipping", "Total"), start=7):
        yield from each(f"ORD-{number:03}", column, AMOUNTS)
        yield from negative(f"ORD-{number + 97}", column)
    yield from each("ORD-012", "Test", FLAGS)
    yield from each("ORD-013", "Changed", TIMES)
    yield from one("ORD-101", "Placed", None)
    yield from one("ORD-102", "Placed", "2099-01-01 10:00:00")
    yield from one("ORD-103", "Changed", FUTURE)
    yield from one("ORD-109", "Cancelled", "2001-01-01 10:00:00")
    yield from one("ORD-110", "Delivered", "2001-01-01 10:00:00")
    yield from each("ORD-111", "Currency", CODES)
    yield from table_damage(with_nul=True)


def _lines() -> Iterator[Breakage]:
    yield from one("LIN-001", "order_no", None)
    yield from one("LIN-001", "line_no", None)
    prices = ("qty", "unit_price", "list_price", "discount", "unit_cost")
    for number, column in enumerate(prices, start=2):
        yield from each(f"LIN-{number:03}", column, AMOUNTS if column == "discount" else PRICES)
    yield from each("LIN-007", "ordered", TIMES)
    yield from each("LIN-008", "changed", TIMES)
    yield from one("LIN-101", "ordered", "2099-01-01 10:00:00")
    yield from one("LIN-102", "changed", FUTURE)
    yield from each("LIN-103", "qty", ("-1", "-0.5"))
    for number, column in enumerate(prices[1:], start=104):
        yield from negative(f"LIN-{number}", column)
    yield from each("LIN-108", "currency", CODES)
    for number, column in enumerate(("total", "tax"), start=9):
        yield from each(f"LIN-{number:03}", column, AMOUNTS)
    yield from one("LIN-109", "total", "-0.01", tax=None)
    yield from negative("LIN-110", "tax")
    yield from one("LIN-111", "tax", "1.01", total="1.00")
    yield from table_damage()


def _payments() -> Iterator[Breakage]:
    yield from one("PAY-001", "payment", None)
    yield from each("PAY-002", "booked", TIMES)
    yield from each("PAY-003", "amount", ("1e3", "0x1F", "12,345", "twelve", "1.000,00"))
    yield from each("PAY-004", "changed", TIMES)
    yield from one("PAY-101", "booked", "01.01.2099 10:00:00")
    yield from one("PAY-102", "changed", FUTURE)
    yield from one("PAY-103", "order", None)
    yield from one("PAY-104", "amount", "-0,01")
    yield from each("PAY-105", "currency", CODES)
    yield from one(Rule.NOT_TAKEN, "state", "unheard of")
    yield from table_damage()


def _products() -> Iterator[Breakage]:
    yield from one("PRD-001", "sku", None)
    yield from each("PRD-002", "unit_cost", PRICES)
    yield from each("PRD-003", "changed", TIMES)
    yield from negative("PRD-101", "unit_cost")
    yield from one("PRD-102", "changed", FUTURE)


def _returns() -> Iterator[Breakage]:
    yield from one("RET-001", "id", None)
    yield from each("RET-002", "returned", TIMES)
    yield from each("RET-003", "quantity", PRICES)
    yield from each("RET-004", "refund.amount", AMOUNTS)
    yield from each("RET-005", "updated", TIMES)
    yield from each("RET-006", "refund.tax", AMOUNTS)
    yield from each("RET-007", "refund.shipping", AMOUNTS)
    yield from one("RET-101", "returned", None, **{"order.number": None})
    yield from one("RET-102", "returned", "2099-01-01T10:00:00+01:00")
    yield from one("RET-103", "updated", FUTURE)
    yield from negative("RET-104", "refund.amount")
    yield from one("RET-105", "quantity", "-1")
    yield from one("RET-106", "kind", "exchange")
    yield from one("RET-107", "why.fault", "nobody")
    yield from each("RET-108", "refund.currency", CODES)
    yield from one("RET-109", "refund.includes", "all of it")
    yield from negative("RET-110", "refund.shipping")
    yield from one("RET-111", "refund.tax", "9999999.00", **{"refund.includes": "gross"})
    yield Breakage(Rule.NO_RECORD, damage="json")


def _contacts() -> Iterator[Breakage]:
    yield from one("CUS-001", "Reference", None)
    yield from each("CUS-002", "Signed up", TIMES)
    yield from each("CUS-003", "Birthday", DAYS)
    yield from each("CUS-004", "Cost", AMOUNTS)
    for number, column in enumerate(("Employee", "E-mail allowed", "SMS allowed", "Calls allowed"), start=5):
        yield from each(f"CUS-{number:03}", column, FLAGS)
    yield from each("CUS-009", "Modified", TIMES)
    yield from one("CUS-101", "Signed up", "01.01.2099 10:00:00")
    yield from one("CUS-102", "Modified", FUTURE)
    yield from each("CUS-103", "Birthday", ("1800-01-01", "2099-01-01"))
    yield from negative("CUS-104", "Cost")
    yield from table_damage()


def _interactions() -> Iterator[Breakage]:
    yield from one("INT-001", "id", None)
    yield from each("INT-002", "at", ("soon", "2024-06-01 10:00:00", "12:30"))
    yield from each("INT-003", "mood", PRICES)
    yield from each("INT-004", "seconds", WHOLES)
    yield from each("INT-005", "cost", AMOUNTS)
    yield from each("INT-006", "updated", ("soon", "2024-06-01 10:00:00"))
    yield from one("INT-101", "at", None)
    yield from one("INT-102", "at", "4070908800000")
    yield from one("INT-103", "updated", "4070908800000")
    yield from one("INT-104", "kind", "telepathy")
    yield from one("INT-105", "seconds", "-1")
    yield from negative("INT-106", "cost")
    yield from each("INT-007", "mood_low", PRICES, mood_high=None)
    yield from each("INT-008", "mood_high", PRICES, mood_low=None)
    yield from one("INT-107", "mood_low", "1", mood="1", mood_high="1")
    yield from one("INT-107", "mood_low", None, mood_high="1")
    yield from one("INT-108", "mood", "1.01", mood_low="-1", mood_high="1")
    yield Breakage(Rule.NO_RECORD, damage="json")


def _cases() -> Iterator[Breakage]:
    yield from one("CAS-001", "case", None)
    for number, column in enumerate(("opened", "answered", "closed"), start=2):
        yield from each(f"CAS-{number:03}", column, TIMES)
    yield from each("CAS-005", "satisfaction", PRICES)
    yield from each("CAS-006", "cost", AMOUNTS)
    yield from each("CAS-007", "updated", TIMES)
    yield from one("CAS-101", "opened", None)
    yield from one("CAS-102", "opened", FUTURE, answered=None, closed=None)
    yield from one("CAS-103", "updated", FUTURE)
    yield from one("CAS-104", "kind", "rant")
    yield from one("CAS-105", "answered", "2001-01-01T10:00:00Z")
    yield from one("CAS-106", "closed", "2001-01-01T10:00:00Z")
    yield from negative("CAS-107", "cost")


def _touches() -> Iterator[Breakage]:
    yield from one("TCH-001", "touch", None)
    yield from each("TCH-002", "at", TIMES)
    yield from each("TCH-003", "cost", AMOUNTS)
    yield from each("TCH-004", "changed", TIMES)
    yield from one("TCH-101", "at", None)
    yield from one("TCH-102", "at", "01.01.2099 10:00:00")
    yield from one("TCH-103", "changed", FUTURE)
    yield from one("TCH-104", "type", "spam")
    yield from one("TCH-105", "action", "ignored")
    yield from one("TCH-106", "arm", "left")
    yield from negative("TCH-107", "cost")
    yield from each("TCH-108", "currency", CODES)
    yield from table_damage()


def _loyalty() -> Iterator[Breakage]:
    yield from one("LOY-001", "event", None)
    yield from each("LOY-002", "time", TIMES)
    yield from each("LOY-003", "points", PRICES)
    yield from each("LOY-004", "worth", AMOUNTS)
    yield from each("LOY-005", "expires", TIMES)
    yield from each("LOY-006", "changed", TIMES)
    yield from one("LOY-101", "time", None)
    yield from one("LOY-102", "time", "2099-01-01 10:00:00", expires=None)
    yield from one("LOY-103", "changed", FUTURE)
    yield from one("LOY-104", "what", "gamble")
    yield from one("LOY-105", "expires", "2001-01-01 10:00:00")


def _memberships() -> Iterator[Breakage]:
    yield from each("LOY-007", "fee", AMOUNTS)
    yield from each("LOY-008", "until", TIMES)


def _referrals() -> Iterator[Breakage]:
    yield from one("REF-001", "referral", None)
    yield from each("REF-002", "on", TIMES)
    yield from each("REF-003", "changed", TIMES)
    yield from one("REF-101", "on", None)
    yield from one("REF-102", "on", "2099-01-01 10:00:00")
    yield from one("REF-103", "changed", FUTURE)
    yield from one("REF-104", "by", None)
    yield from one("REF-105", "brought", None)
    yield from one("REF-106", "by", "C0000001", brought="C0000001")


def _invitations() -> Iterator[Breakage]:
    yield from one("INV-001", "invitation", None)
    yield from each("INV-002", "sent", TIMES)
    yield from each("INV-003", "changed", TIMES)
    yield from one("INV-101", "sent", None)
    yield from one("INV-102", "sent", FUTURE)
    yield from one("INV-103", "changed", FUTURE)


def _wide(questions: tuple[str, ...], beyond: str) -> Iterator[Breakage]:
    """All answers except the first are removed, so that the record makes one row."""
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
    yield from one("ANS-001", "question", None)
    yield from each("ANS-002", "time", TIMES)
    yield from each("ANS-003", "answer", PRICES)
    yield from each("ANS-004", "lowest", PRICES, highest=None)
    yield from each("ANS-005", "highest", PRICES, lowest=None)
    yield from each("ANS-006", "reversed", FLAGS)
    yield from each("ANS-007", "changed", TIMES)
    yield from one("ANS-101", "time", None)
    yield from one("ANS-102", "time", "2099-01-01 10:00:00")
    yield from one("ANS-103", "changed", FUTURE)
    yield from one("ANS-104", "kind", "gossip")
    yield from one("ANS-105", "measures", "weather")
    yield from one("ANS-106", "lowest", "3", answer="3", highest="3")
    yield from one("ANS-106", "lowest", None)
    yield from each("ANS-107", "answer", ("0", "8", "99"))


def _rates() -> Iterator[Breakage]:
    yield from one("FXR-001", "day", None)
    yield from one("FXR-001", "currency", None)
    yield from each("FXR-002", "day", DAYS)
    yield from each("FXR-003", "eur_per_unit", ("0,92", "9.2e-1", "0x1F", "0.92.3"))
    yield from each("FXR-004", "published", TIMES)
    yield from one("FXR-101", "eur_per_unit", None)
    yield from each("FXR-101", "eur_per_unit", ("0", "-0.92"))
    yield from one("FXR-102", "day", "2099-01-01")
    yield from one("FXR-103", "published", FUTURE)
    yield from each("FXR-104", "currency", ("usd", "$", "DOLLAR"))


def _coverage() -> Iterator[Breakage]:
    yield from one("COV-001", "entity", None)
    yield from each("COV-002", "from", DAYS)
    yield from each("COV-003", "to", DAYS)
    yield from each("COV-004", "complete", FLAGS)
    yield from each("COV-005", "changed", TIMES)
    yield from one("COV-101", "entity", "webshop")
    yield from one("COV-102", "to", "2001-01-01")
    yield from one("COV-103", "changed", FUTURE)


#: Feed name to the breakages of its rows.
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
    "memberships": tuple(_memberships()),
    "referrals": tuple(_referrals()),
    "survey_invitations": tuple(_invitations()),
    "survey_relationship": tuple(_wide(tuple(NPS_QUESTIONS), "11")),
    "survey_transaction": tuple(_wide(tuple(CSAT_QUESTIONS), "0")),
    "survey_kiosk": tuple(_kiosk()),
    "fx_rates": tuple(_rates()),
    "coverage": tuple(_coverage()),
}
