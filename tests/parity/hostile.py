"""A source of values on which engines disagree: casts, zones, letters, halves that round, names that look like SQL.

Writes the files and the mapping, and says which rule each bad row must break; running them is spark_build.py's and the
fixtures' business.
"""

import csv
from pathlib import Path

MAPPING = """\
source: hostile
timezone: Europe/Berlin
currency: EUR
files:
  - match: "orders_*.csv"
    file_on: '(\\d{4}-\\d{2}-\\d{2})'
    timestamps: ["%Y-%m-%d %H:%M:%S", iso]
    entities:
      orders:
        columns:
          {order_id: id, customer_ref: customer, ordered_at: at, gross: gross, discount: discount, currency: currency,
           status: status, is_test: test, channel: channel, updated_at: changed}
  - match: "lines_*.csv"
    file_on: '(\\d{4}-\\d{2}-\\d{2})'
    entities:
      order_lines:
        columns:
          {order_id: id, line_id: line, product_id: product, category: category, quantity: quantity, unit_price: price,
           discount: discount, total: total, tax: tax}
  - match: "returns_*.csv"
    file_on: '(\\d{4}-\\d{2}-\\d{2})'
    timestamps: ["%Y-%m-%d %H:%M:%S"]
    entities:
      returns:
        columns:
          {return_id: id, order_id: order_ref, line_id: line, customer_ref: customer, returned_at: at,
           quantity: quantity, amount: amount, currency: currency, amount_basis: basis, tax: tax, kind: "'refund'"}
  - match: "answers_*.csv"
    file_on: '(\\d{4}-\\d{2}-\\d{2})'
    timestamps: ["%Y-%m-%d %H:%M:%S"]
    entities:
      survey_answers:
        columns:
          {response_id: id, question_id: "'q'", survey_id: "'s'", survey_kind: "'relationship'", customer_ref: customer,
           answered_at: at, construct: construct, answer_number: answer, scale_min: low, scale_max: high,
           is_reversed: reversed}
  - match: "rates_*.csv"
    file_on: '(\\d{4}-\\d{2}-\\d{2})'
    entities:
      fx_rates: {columns: {day: day, currency: currency, rate: rate}}
"""

NAMES = (
    "plain", "PLAIN", "İstanbul", "istanbul", "ISTANBUL", "straße", "STRASSE", "é", "e\u0301",
    "null", "NULL", "NaN", "0", "00",
    "1e3", "a|b", "a||b", "o'clock", 'quo"te', "back\\slash", "'; drop table staging.stg_orders; --",
    "{{ var('as_of') }}", "$1",
    "%s", "tab\there", "line\nbreak", "\U0001f600", "\u00a0nbsp", "0x1F", "12.0",
)  # fmt: skip

# order: (gross, discount, at, currency, status, is_test, changed) -> rules that it must break.
ORDERS: dict[str, tuple[tuple[str, ...], str]] = {
    "decimal-of-an-integer": (("12.0", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), ""),
    "trailing-zeros": (("12.500", "0.000", "2025-05-05 10:00:00", "EUR", "paid", "", ""), ""),
    "plus-sign": (("+7.10", "", "2025-05-05 10:00:00", "EUR", "paid", "false", ""), ""),
    "largest": (("999999999999.99", "0.01", "2025-05-05 10:00:00", "EUR", "paid", "", ""), ""),
    "too-long": (("1999999999999.99", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007"),
    "exponent": (("1e3", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007"),
    "hexadecimal": (("0x1F", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007"),
    "third-decimal": (("12.005", "2.675", "2025-05-05 10:00:00", "EUR", "paid", "", ""), ""),
    "just-below-half": (("12.0049999999999999999999999999999999999", "", "2025-05-05 10:00:00", "EUR", "", "", ""), ""),
    "rounded-up-a-digit": (("999999999999.995", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), ""),
    "negative-half": (("-0.005", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-104"),
    "point-alone": (("12.", ".5", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007, ORD-008"),
    "full-width": (("１２", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007"),
    "arabic-digits": (("١٢", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007"),
    "not-a-number": (("NaN", "Infinity", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007, ORD-008"),
    "thousands": (("1,000", "1_000", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007, ORD-008"),
    "suffix": (("12f", "12d", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007, ORD-008"),
    "inner-newline": (("1\n2", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), "ORD-007"),
    "minus-zero": (("-0.00", "", "2025-05-05 10:00:00", "EUR", "paid", "", ""), ""),
    "year-only": (("10.00", "", "2017", "EUR", "paid", "", ""), "ORD-002"),
    "no-such-day": (("10.00", "", "2025-02-30 10:00:00", "EUR", "paid", "", ""), "ORD-002"),
    # ISO 8601 once had it: the end of the day.
    "hour-24": (("10.00", "", "2025-05-05 24:00:00", "EUR", "paid", "", ""), ""),
    "hour-25": (("10.00", "", "2025-05-05 25:00:00", "EUR", "paid", "", ""), "ORD-002"),
    "far-past": (("10.00", "", "0001-01-01 00:00:00", "EUR", "paid", "", ""), "ORD-002"),
    "hour-that-happens-twice": (("10.00", "", "2024-10-27 02:30:00", "EUR", "paid", "", ""), ""),
    "hour-that-never-happens": (("10.00", "", "2025-03-30 02:30:00", "EUR", "paid", "", ""), ""),
    "offset": (("10.00", "", "2025-05-05T23:30:00-05:30", "EUR", "paid", "", ""), ""),
    "before-1970": (("10.00", "", "1969-12-31 23:59:59", "EUR", "paid", "", ""), ""),
    "gregorian-gap": (("10.00", "", "1899-12-31 12:00:00", "EUR", "paid", "", ""), ""),
    "last-second-of-the-day": (("10.00", "", "2025-05-05 23:59:59", "EUR", "paid", "", ""), ""),
    "first-second-of-the-day": (("10.00", "", "2025-05-06 00:00:00", "EUR", "paid", "", ""), ""),
    "dotted-capital-i": (("10.00", "", "2025-05-05 10:00:00", "EUR", "İPTAL", "", ""), ""),
    "sharp-s": (("10.00", "", "2025-05-05 10:00:00", "EUR", "GROẞ", "", ""), ""),
    "padded-status": (("10.00", "", "2025-05-05 10:00:00", "EUR", "  CANCELLED ", "", ""), ""),
    "decomposed-accent": (("10.00", "", "2025-05-05 10:00:00", "EUR", "ANNULE\u0301E", "", ""), ""),
    "separators-in-status": (("10.00", "", "2025-05-05 10:00:00", "EUR", "On\u2011Hold/(?)", "", ""), ""),
    "true-in-capitals": (("10.00", "", "2025-05-05 10:00:00", "EUR", "paid", "TRUE", ""), ""),
    "neither-true-nor-false": (("10.00", "", "2025-05-05 10:00:00", "EUR", "paid", "İ", ""), "ORD-012"),
    "small-currency": (("10.00", "", "2025-05-05 10:00:00", "eur", "paid", "", ""), "ORD-111"),
    "half-a-cent": (("0.01", "", "2025-05-05 10:00:00", "USD", "paid", "", ""), ""),
    "half-a-cent-up": (("0.03", "0.01", "2025-05-05 10:00:00", "USD", "paid", "", ""), ""),
    "half-a-cent-even": (("0.05", "0.03", "2025-05-05 10:00:00", "USD", "paid", "", ""), ""),
    "rate-too-old": (("10.00", "", "2025-06-05 10:00:00", "USD", "paid", "", ""), ""),
    "no-rate": (("10.00", "", "2025-05-05 10:00:00", "XXX", "paid", "", ""), ""),
}  # fmt: skip

ANSWERS: dict[str, tuple[tuple[str, ...], str]] = {
    "thirds": (("nps", "7", "0", "10", "false"), ""),
    "seventh": (("ces", "3", "1", "7", "true"), ""),
    "half-answer": (("csat", "2.5", "1", "5", ""), ""),
    "decimal-answer": (("csat", "5.0", "1", "5", "false"), ""),
}


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_hostile(folder: Path) -> tuple[Path, Path]:
    """Write the mapping and its files below `folder`; returns (mapping, folder of files)."""
    mapping, inbox = folder / "hostile.yml", folder / "hostile_inbox"
    inbox.mkdir(parents=True)
    mapping.write_text(MAPPING, encoding="utf-8")
    day = "2025-06-10"
    orders, lines = [], []
    for key, ((gross, discount, at, currency, status, test, changed), _) in ORDERS.items():
        orders.append([key, "buyer", at, gross, discount, currency, status, test, "web", changed])
    for number, name in enumerate(NAMES):
        # The same money and days for all: ties in every cut point.
        for visit in range(1 + number % 4):
            key = f"{name}/{visit}"
            orders.append([key, name, f"2025-0{1 + visit}-15 12:00:00", "", "", "EUR", "paid", "", name, ""])
            lines.append([key, "1", name, name, "3.0", "0.3333", "", "", ""])
            lines.append([key, "2", name, name.upper(), "0.5", "0.01", "", "", ""])
            lines.append([key, "3", name, name, "3.00005", "0.33335", "0.005", "1.005", "0.165"])
            lines.append([key, "4", name, name, "", "", "", "0.07", ""])
    _write(
        inbox / f"orders_{day}.csv",
        ["id", "customer", "at", "gross", "discount", "currency", "status", "test", "channel", "changed"],
        orders,
    )
    _write(
        inbox / f"lines_{day}.csv",
        ["id", "line", "product", "category", "quantity", "price", "discount", "total", "tax"],
        lines,
    )
    _write(
        inbox / f"returns_{day}.csv",
        ["id", "order_ref", "customer", "at", "quantity", "amount", "currency", "line", "basis", "tax"],
        [
            ["r1", "half-a-cent-up", "buyer", "2025-05-07 10:00:00", "1", "0.01", "USD", "", "", ""],
            ["r2", "", "plain", "2025-05-08 10:00:00", "1", "0.50", "EUR", "", "", ""],
            ["r3", "a|b/0", "", "2025-05-09 10:00:00", "1", "0.30", "EUR", "", "", ""],
            ["r4", "unheard-of", "nobody-else", "2025-05-09 10:00:00", "1", "0.30", "EUR", "", "", ""],
            # a product beyond 18 digits, more than there was, no date, units of a line, all of it
            ["r5", "largest", "", "2025-05-09 10:00:00", "", "333333333333.33", "EUR", "", "gross", ""],
            ["r6", "largest", "", "2025-05-10 10:00:00", "", "999999999999.99", "EUR", "", "gross", "0.01"],
            ["r7", "plus-sign", "", "", "", "2.37", "EUR", "", "GROSS", ""],
            ["r8", "a|b/0", "", "2025-05-10 10:00:00", "1", "", "EUR", "1", "", ""],
            ["r9", "a|b/0", "", "2025-05-11 10:00:00", "", "", "EUR", "", "", ""],
        ],
    )
    _write(
        inbox / f"answers_{day}.csv",
        ["id", "customer", "at", "construct", "answer", "low", "high", "reversed"],
        [
            [f"{key}/{name}", name, f"2025-05-{10 + number % 18:02} 09:00:00", *values]
            for key, (values, _) in ANSWERS.items()
            for number, name in enumerate(NAMES)
        ],
    )
    _write(
        inbox / f"rates_{day}.csv",
        ["day", "currency", "rate"],
        [
            ["2025-05-01", "USD", "0.50000000"],
            ["2025-05-20", "USD", "0.33333333"],
            ["2025-05-02", "USD", "0.123456789"],
        ],
    )
    return mapping, inbox
