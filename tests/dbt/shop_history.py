"""A history of several sources, made by chance from a seed, with everything that makes incremental builds go wrong.

Late rows; corrections of amounts, of dates (into the past and the future) and of customers; cancellations and payments
that come later; orders and lines that are pending, cancelled or of an unknown status for a while; orders and
cancellations announced before their day; rates that arrive after the orders they value, or are corrected; returns
before their order, without an amount or a date, several of one order, of unknown orders; customers who turn out to be
one person; products that change category; records that are deleted and restored, also before they arrive; lines that
are rejected, some of them corrected later, some of orders of which nothing else is known; exports made long after the
events. Only data is made here.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

# Sales above all; `odd` is in no list, and `declared` is what the test's mapping says.
STATUSES = ["paid", "paid", "shipped", "on-hold", "cancelled", "odd", "declared", "test"]

# The entities of which records are deleted, with the first column of their keys; lines are deleted with their orders.
DELETABLE = {
    "orders": "order_id",
    "payments": "payment_id",
    "returns": "return_id",
    "survey_answers": "response_id",
    "products": "product_id",
    "customers": "customer_ref",
}

Rows = dict[str, list[dict[str, str | None]]]


@dataclass(frozen=True)
class File:
    """One file: when it lands, what it says of its date, and its rows."""

    source: str
    landed_on: date
    file_on: date | None
    rows: Rows


class History:
    """Files for `n_days` from `first`; the same seed gives the same files."""

    def __init__(self, seed: int, first: date, n_days: int, n_orders: int = 200) -> None:
        self._random = random.Random(seed)
        self._first = first
        self._n_days = n_days
        self._files: dict[tuple[str, date, date | None], Rows] = {}
        self._customers = [f"c{n}" for n in range(20)]
        for n in range(n_orders):
            self._order(f"o{n}")
        for n in range(n_orders // 2):
            self._receipt(f"t{n}")
        for n in range(n_orders // 3):
            self._answer(f"r{n}", n_orders)
        self._standing_data()
        self._deletions()

    def files(self, landed_on: date) -> Iterator[File]:
        """What lands on a day, in the order of arrival."""
        for (source, day, file_on), rows in self._files.items():
            if day == landed_on:
                yield File(source, day, file_on, rows)

    def _day(self) -> date:
        """A day of the history, as often as not near the days that are built."""
        earliest = self._random.choice([-40, -4])
        return self._first + timedelta(days=self._random.randint(earliest, self._n_days + 1))

    def _late(self, day: date, most: int = 3) -> date:
        """A day of landing: not before the first, often late."""
        return max(self._first, day + timedelta(days=self._random.choice([0, 0, 1, most])))

    def _moment(self, day: date) -> str:
        """A time near midnight as often as not, where zones matter."""
        hour = self._random.choice([0, 3, 4, 12, 23])
        return str(datetime.combine(day, time(hour, self._random.randint(0, 59))))

    def _amount(self) -> str:
        return f"{self._random.randint(1, 30000) / 100:.2f}"

    def _put(self, source: str, landed_on: date, file_on: date | None, entity: str, row: dict[str, str | None]) -> None:
        self._files.setdefault((source, landed_on, file_on), {}).setdefault(entity, []).append(row)

    def _order(self, order_id: str) -> None:
        """An order with lines, payments and returns, each in versions."""
        chance = self._random
        day = self._day()
        order: dict[str, str | None] = {
            "order_id": order_id,
            "customer_ref": chance.choice([*self._customers, None]),
            "ordered_at": self._moment(day),
            "currency": chance.choice(["GBP", "GBP", "EUR", None]),
            "status": chance.choice(STATUSES),
            chance.choice(["gross", "total", "coupon_code"]): self._amount(),
            "discount": chance.choice([None, "1.50"]),
            "shipping": chance.choice([None, "3.99"]),
            "is_test": chance.choice([None, None, None, "true"]),
        }
        said_on = day if chance.random() < 0.8 else self._first + timedelta(days=self._n_days)
        is_announced = chance.random() < 0.3
        if is_announced:
            ahead = self._moment(day + timedelta(days=3))
            order |= chance.choice([{"ordered_at": ahead}, {"status": "cancelled", "cancelled_at": ahead}])
        for _ in range(1 if is_announced else chance.choice([1, 1, 2, 3])):
            is_dated = is_announced or chance.random() < 0.8
            order["updated_at"] = self._moment(said_on) if is_dated else None
            landed_on = self._late(said_on)
            self._put("shop", landed_on, chance.choice([None, landed_on]), "orders", dict(order))
            said_on += timedelta(days=chance.randint(0, 4))
            self._correct(order, said_on)
        for line in range(chance.randint(0, 2)):
            self._line("shop", order_id, str(line), None, self._late(day, 4))
        for n in range(chance.choice([0, 0, 1])):
            self._payment(f"p{order_id}{n}", order_id, day)
        for n in range(chance.choice([0, 0, 1, 3])):
            self._return(f"x{order_id}{n}", order_id, day)

    def _correct(self, order: dict[str, str | None], on: date) -> None:
        change = self._random.choice(
            ["gross", "customer", "past", "future", "cancel", "pay", "deliver", "currency", "status"]
        )
        if change == "gross":
            order["gross"] = self._amount()
        elif change == "customer":
            order["customer_ref"] = self._random.choice(self._customers)
        elif change == "past":
            order["ordered_at"] = self._moment(on - timedelta(days=20))
        elif change == "future":
            order["ordered_at"] = self._moment(on + timedelta(days=1))
        elif change == "cancel":
            order |= {"status": "cancelled", "cancelled_at": self._moment(on + timedelta(days=1))}
        elif change == "pay":
            order["paid_at"] = self._moment(on + timedelta(days=1))
        elif change == "deliver":
            order |= {"promised_at": self._moment(on), "delivered_at": self._moment(on + timedelta(days=1))}
        elif change == "status":
            order["status"] = self._random.choice(STATUSES)
        else:
            order["currency"] = "EUR"

    def _line(
        self, source: str, order_id: str, line_id: str, day: date | None, landed_on: date, **more: str | None
    ) -> None:
        """A line in versions, some of which are rejected."""
        chance = self._random
        for version in range(chance.choice([1, 1, 2])):
            landed = landed_on + timedelta(days=2 * version)
            line: dict[str, str | None] = {
                "order_id": order_id,
                "line_id": line_id,
                "product_id": chance.choice(["a", "b", "c"]),
                "category": chance.choice([None, None, "own"]),
                "quantity": str(chance.randint(1, 5)),
                "unit_price": f"{chance.randint(1, 99999) / 1000:.3f}",
                "list_price": chance.choice([None, "99.99"]),
                "discount": chance.choice([None, "0.10"]),
                "ordered_at": self._moment(day) if day else None,
                "currency": chance.choice([None, None, "USD"]),
                "status": chance.choice([None, *STATUSES]),
            }
            if chance.random() < 0.2:
                line |= chance.choice(
                    [{"unit_price": "abc"}, {"quantity": "-1"}, {"currency": "pound"}, {"line_id": None}]
                )
                line["updated_at"] = chance.choice([None, self._moment(landed)])
            self._put(source, landed, chance.choice([None, landed]), "order_lines", line | more)

    def _payment(self, payment_id: str, order_id: str, day: date) -> None:
        for version in range(self._random.choice([1, 2])):
            on = day + timedelta(days=self._random.randint(0, 3))
            payment = {
                "payment_id": payment_id,
                "order_id": order_id if version == 0 else f"o{self._random.randint(0, 40)}",
                "paid_at": self._random.choice([None, self._moment(on)]),
                "amount": self._amount(),
            }
            landed_on = self._late(on) + timedelta(days=version)
            self._put("shop", landed_on, landed_on, "payments", payment)

    def _return(self, return_id: str, order_id: str, day: date) -> None:
        chance = self._random
        for version in range(chance.choice([1, 2])):
            on = day + timedelta(days=chance.randint(-1, 5))
            named = chance.choice([order_id, order_id, order_id, None, "o1", "unheard of"])
            is_dated = named is None or chance.random() < 0.7
            row = {
                "return_id": return_id,
                "order_id": named,
                "line_id": chance.choice([None, None, "0"]),
                "customer_ref": chance.choice([None, *self._customers]),
                "returned_at": self._moment(on) if is_dated else None,
                "quantity": chance.choice([None, None, "1"]),
                "amount": chance.choice([None, self._amount(), self._amount()]),
                "currency": chance.choice([None, None, "EUR", "USD"]),
                "kind": chance.choice([None, "refund", "return", "credit"]),
                "amount_basis": chance.choice([None, None, "goods", "gross"]),
                "tax": chance.choice([None, None, "0.01"]),
                "updated_at": chance.choice([None, self._moment(on)]),
            }
            landed_on = self._late(on, 1) + timedelta(days=version)
            self._put("shop", landed_on, chance.choice([None, landed_on]), "returns", row)

    def _receipt(self, receipt_id: str) -> None:
        """A sale of a source that has lines only and no time of change."""
        day = self._day()
        customer = self._random.choice([*self._customers, None])
        for line in range(self._random.randint(1, 3)):
            self._line("till", receipt_id, str(line), day, self._late(day), customer_ref=customer)

    def _answer(self, response_id: str, n_orders: int) -> None:
        chance = self._random
        day = self._day()
        answer = {
            "response_id": response_id,
            "question_id": "q",
            "survey_kind": "transaction",
            "customer_ref": chance.choice([None, *self._customers]),
            "order_id": f"o{chance.randrange(n_orders)}",
            "answered_at": self._moment(day),
            "construct": chance.choice(["nps", "csat"]),
            "answer_number": str(chance.randint(0, 10)),
            "scale_min": "0",
            "scale_max": "10",
        }
        self._put("shop", self._late(day), None, "survey_answers", answer)
        if chance.random() < 0.4:
            self._put(
                "shop", self._late(day) + timedelta(days=1), None, "survey_answers", answer | {"answer_number": "5"}
            )

    def _standing_data(self) -> None:
        """Rates, products and customers, said anew on some days."""
        chance = self._random
        for offset in range(-45, self._n_days + 1):
            day = self._first + timedelta(days=offset)
            for currency in ("EUR", "USD"):
                if chance.random() < (0.15 if currency == "USD" else 0.4):
                    for version in range(chance.choice([1, 1, 2])):
                        rate = {"day": str(day), "currency": currency, "rate": f"0.{chance.randint(7000, 9999)}"}
                        landed_on = self._late(day) + timedelta(days=version)
                        self._put("bank", landed_on, landed_on, "fx_rates", rate)
        for offset in range(self._n_days):
            day = self._first + timedelta(days=offset)
            for product in ("a", "b", "c"):
                if offset == 0 or chance.random() < 0.3:
                    row = {"product_id": product, "category": f"k{chance.randint(0, 2)}", "unit_cost": "2.5"}
                    self._put("shop", day, day, "products", row)
            for customer in chance.sample(self._customers, 3):
                person = chance.choice([None, "c0", f"c{chance.randint(0, 19)}", "someone"])
                row = {"customer_ref": customer, "person_ref": person, "country": chance.choice(["GB", "FR"])}
                self._put("shop", day, chance.choice([None, day + timedelta(days=1)]), "customers", row)

    def _deletions(self) -> None:
        """Deletions of some records, of which later versions can follow; some arrive before the record, some late."""
        chance = self._random
        records = [
            (source, entity, row[key])
            for (source, _, _), rows in self._files.items()
            for entity, key in DELETABLE.items()
            for row in rows.get(entity, [])
        ]
        records += [("till", "orders", f"t{n}") for n in range(20)]
        found = sorted({record for record in records if record[-1] is not None})
        for source, entity, record_id in chance.sample(found, len(found) // 8):
            for _ in range(chance.choice([1, 1, 2])):
                day = self._day()
                landed_on = self._late(day)
                row = {"entity": entity, "record_id": record_id, "deleted_at": self._moment(day)}
                self._put(source, landed_on, chance.choice([None, landed_on]), "deletions", row)
