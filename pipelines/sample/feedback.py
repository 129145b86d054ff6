"""Survey answers, survey invitations and returns. Interactions and cases are in service.py."""

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.addresses import Addresses
from pipelines.sample.attitudes import Attitudes, Scale
from pipelines.sample.feed import Every, Feed
from pipelines.sample.order_files import order_id
from pipelines.sample.orders import Lines, Orders
from pipelines.sample.process import Ints, draws
from pipelines.sample.text import Clock

REASONS = ["damaged", "wrong size", "changed my mind", "late", 'not as "described"']
FAULTS = ["company", "customer", "customer", "company", "company"]
NPS_QUESTIONS = {
    "How likely are you to recommend us? (0-10)": "recommend",
    "I trust them (1-5)": "trust",
    "I feel at home with them (1-5)": "home",
    "I would switch for a lower price (1-7)": "switch",
    "Product quality (1-5)": "quality",
}
CSAT_QUESTIONS = {"Satisfied? (1-5)": "satisfied", "Made it easy (1-7)": "easy"}
#: An answer follows OWN times the true value plus MOOD times a normal value that all answers of a response share.
OWN, MOOD = 0.8, 0.6
TEN, FIVE, SEVEN = Scale(8.1, 1.8, 0.7, 0, 10), Scale(3.9, 0.8, 0.6, 1, 5), Scale(5.0, 1.1, 0.9, 1, 7)
#: The channels in which the two surveys are answered, and their shares.
CHANNELS, CHANNEL_SHARES = ["E-Mail", "App", "Web"], [0.6, 0.25, 0.15]
COMMENTS = ["", "", "", "Great, thank you", 'They said "soon"; it took a week', "Schön, immer wieder", "还可以"]


def returns_feed(orders: Orders, lines: Lines, clock: Clock, seed: int) -> Feed:
    """Some order lines are returned within a month. Nested JSON, times with an offset, one file per week."""
    rng = draws(seed, "returns")
    candidates = np.flatnonzero(orders.is_purchase[lines.order] & (rng.random(len(lines.order)) < 0.05))
    day = orders.day[lines.order[candidates]] + rng.integers(1, 31, len(candidates))
    candidates, day = candidates[day <= clock.last], day[day <= clock.last]
    at = clock.utc(day, rng.integers(9 * 3600, 18 * 3600, len(day)))
    reason = rng.integers(0, len(REASONS), len(day))
    pieces = np.where(rng.random(len(day)) < 0.8, lines.quantity[candidates], 1)

    def render(rows: Ints) -> pa.Table:
        line = candidates[rows]
        order = lines.order[line]
        paid = lines.unit_price[line] * pieces[rows] - lines.discount[line] * pieces[rows] // lines.quantity[line]
        offset = clock.offset_text(at[rows])
        local = text.joined(text.formatted(clock.local(at[rows]), "%Y-%m-%dT%H:%M:%S"), offset)
        return pa.table(
            {
                "id": text.reference("R", rows + 1),
                "order.number": order_id(order),
                "order.line": text.digits(lines.number[line]),
                "customer": orders.references(order),
                "returned": local,
                "quantity": text.digits(pieces[rows]),
                "refund.amount": text.money(paid),
                "refund.currency": text.picked(["EUR", "USD"], orders.is_usd[order].astype(np.int64)),
                "refund.includes": text.constant("Goods", len(rows)),
                "refund.tax": text.constant("0.00", len(rows)),
                "refund.shipping": text.constant("0.00", len(rows)),
                "kind": text.constant("Return", len(rows)),
                "why.reason": text.picked(REASONS, reason[rows]),
                "why.fault": text.picked(FAULTS, reason[rows]),
                "updated": text.zulu(at[rows]),
            }
        )

    return Feed("returns", "jsonl", Every.WEEK, "returns", ("id",), day, render)


class Surveys:
    """Two surveys: the relationship survey (NPS and more) and the survey after an order (CSAT, CES).

    Args:
        orders: The orders.
        addresses: The addresses of the people.
        attitudes: What they truly think and feel.
        clock: The clock of the time zone.
        seed: Seed of the draws.
    """

    def __init__(self, orders: Orders, addresses: Addresses, attitudes: Attitudes, clock: Clock, seed: int) -> None:
        rng = draws(seed, "surveys")
        self.orders = orders
        self.addresses = addresses
        self.clock = clock
        asked = np.flatnonzero(orders.is_purchase & (rng.random(len(orders.day)) < 0.15))
        sent_day = orders.day[asked] + rng.integers(2, 8, len(asked))
        self.asked: Ints = asked[sent_day <= clock.last]
        self.sent_day: Ints = sent_day[sent_day <= clock.last]
        n = len(self.asked)
        self.sent_at: Ints = clock.utc(self.sent_day, rng.integers(8 * 3600, 10 * 3600, n))
        self.is_relationship = rng.random(n) < 0.6
        answer_day = self.sent_day + rng.integers(0, 5, n)
        self.answers: Ints = np.flatnonzero((rng.random(n) < 0.4) & (answer_day <= clock.last))
        self.answer_day: Ints = answer_day[self.answers]
        m = len(self.answers)
        self.answered_at: Ints = clock.utc(self.answer_day, rng.integers(10 * 3600, 22 * 3600, m))
        person, mood = orders.person[self.asked[self.answers]], MOOD * rng.normal(0.0, 1.0, m)
        thinks, feels, judges = (
            np.where(person >= 0, OWN * value[person], 0.0) + mood
            for value in (attitudes.attitude, attitudes.emotion, attitudes.cognition)
        )
        five = np.stack([feels, feels, judges, thinks], axis=1)
        seven = np.stack([feels, thinks], axis=1)
        self.nps: Ints = TEN.scores(thinks, rng)
        self.five: Ints = FIVE.scores(five, rng)
        self.seven: Ints = SEVEN.scores(seven, rng)
        self.is_blank = rng.random((m, 6)) < 0.08
        self.comment = rng.integers(0, len(COMMENTS), m)
        self.channel = draws(seed, "survey channels").choice(len(CHANNELS), m, p=CHANNEL_SHARES)

    def nps_feed(self) -> Feed:
        """The relationship survey: one wide file per month, local times, one column per question."""
        which = np.flatnonzero(self.is_relationship[self.answers])

        def render(rows: Ints) -> pa.Table:
            answer = which[rows]
            order = self.asked[self.answers[answer]]
            five, seven = self.five[answer], self.seven[answer]
            scores = [
                text.digits(self.nps[answer]),
                self._scored(answer, five[:, 0], 0),
                self._scored(answer, five[:, 1], 1),
                self._scored(answer, 8 - seven[:, 0], 2),
                self._scored(answer, five[:, 2], 3),
            ]
            return pa.table(
                {
                    **self._head(answer, order),
                    **dict(zip(NPS_QUESTIONS, scores, strict=True)),
                    "Comment": text.picked(COMMENTS, self.comment[answer]),
                }
            )

        return Feed(
            "survey_relationship",
            "csv",
            Every.MONTH,
            "survey_answers",
            ("Response",),
            self.answer_day[which],
            render,
            answers=NPS_QUESTIONS,
        )

    def csat_feed(self) -> Feed:
        """The survey after an order: satisfaction and effort."""
        which = np.flatnonzero(~self.is_relationship[self.answers])

        def render(rows: Ints) -> pa.Table:
            answer = which[rows]
            order = self.asked[self.answers[answer]]
            scores = [text.digits(self.five[answer, 3]), self._scored(answer, self.seven[answer, 1], 4)]
            return pa.table(
                {
                    **self._head(answer, order),
                    "Order": order_id(order),
                    **dict(zip(CSAT_QUESTIONS, scores, strict=True)),
                }
            )

        return Feed(
            "survey_transaction",
            "csv",
            Every.MONTH,
            "survey_answers",
            ("Response",),
            self.answer_day[which],
            render,
            answers=CSAT_QUESTIONS,
        )

    def _head(self, answer: Ints, order: Ints) -> dict[str, pa.Array]:
        return {
            "Response": text.reference("A", answer + 1),
            "Customer": self.orders.references(order),
            "Submitted": text.formatted(self.clock.local(self.answered_at[answer]), "%Y/%m/%d %H:%M:%S"),
            "Channel": text.picked(CHANNELS, self.channel[answer]),
        }

    def _scored(self, answer: Ints, score: Ints, question: int) -> pa.Array:
        return text.where(~self.is_blank[answer, question], text.digits(score))

    def invitations_feed(self) -> Feed:
        """All people who were asked, even if they did not answer."""

        def render(rows: Ints) -> pa.Table:
            order = self.asked[rows]
            return pa.table(
                {
                    "invitation": text.reference("I", rows + 1),
                    "survey": text.picked(
                        ["csat-order", "nps-relationship"], self.is_relationship[rows].astype(np.int64)
                    ),
                    "customer": self.orders.references(order),
                    "email": self.addresses.emails(self.orders.person[order]),
                    "sent": text.zulu(self.sent_at[rows]),
                    "channel": text.constant("E-Mail", len(rows)),
                    "changed": text.zulu(self.sent_at[rows]),
                }
            )

        return Feed(
            "survey_invitations", "csv", Every.MONTH, "survey_invitations", ("invitation",), self.sent_day, render
        )
