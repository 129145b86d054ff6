"""The survey tool, a source of its own. It knows people only by the e-mail address to which it sends an invitation."""

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.addresses import Addresses, can_be_asked, spelled
from pipelines.sample.attitudes import Attitudes, Scale
from pipelines.sample.feed import Every, Feed
from pipelines.sample.people import People
from pipelines.sample.process import Ints, draws
from pipelines.sample.text import DAY_S, Clock

SOURCE = "survey_tool"
#: The share of the answers in which all questions on a scale from 1 to 5 have the same score.
STRAIGHT_LINERS = 0.05
#: The questions on a scale from 1 to 5: heading, id, and the value of `Attitudes` that decides the answer.
FIVE = [
    ("Will you buy again? (1-5)", "again", "attitude"),
    ("Are you satisfied with us? (1-5)", "satisfied", "attitude"),
    ("Are we easy to deal with? (1-5)", "easy", "attitude"),
    ("Do you prefer us to others? (1-5)", "prefer", "attitude"),
    ("Are you attached to us? (1-5)", "bond", "emotion"),
    ("Do you feel that you belong here? (1-5)", "belong", "emotion"),
    ("Do you trust us? (1-5)", "trust", "emotion"),
    ("Would you stay if prices rose? (1-5)", "stay", "emotion"),
    ("Would you rather buy elsewhere? (1-5)", "elsewhere", "emotion"),
    ("How good are the products? (1-5)", "quality", "cognition"),
    ("How good is the service? (1-5)", "service", "cognition"),
    ("How good is the help after a purchase? (1-5)", "after", "cognition"),
    ("How do you rate the brand? (1-5)", "brand", "cognition"),
    ("Do you know our offers well? (1-5)", "know", "cognition"),
]
#: In these, a high score is bad for the company.
REVERSED = ("elsewhere",)
TEN, AGREES, DISAGREES = Scale(7.5, 1.8, 1.0, 0, 10), Scale(3.6, 0.8, 0.7, 1, 5), Scale(2.4, -0.8, 0.7, 1, 5)
QUESTIONS = {"Would you recommend us? (0-10)": "recommend", **{heading: name for heading, name, _ in FIVE}}


class SurveyTool:
    """The invitations and their answers.

    Args:
        people: The people.
        addresses: Their addresses, also those of leads.
        attitudes: What they truly think and feel.
        clock: The clock of the time zone.
        seed: Seed of the draws.
    """

    def __init__(self, people: People, addresses: Addresses, attitudes: Attitudes, clock: Clock, seed: int) -> None:
        rng = draws(seed, "survey tool")
        self.addresses = addresses
        asked = can_be_asked(people)
        asked = asked[rng.random(len(asked)) < np.where(addresses.is_planted(asked), 0.7, 0.3)]
        person = np.concatenate([asked, asked[::4], np.arange(len(people.since), len(addresses.mailbox), 2)])
        day = addresses.settled_on(people.since, person) + rng.integers(0, 60, len(person))
        order = np.argsort(day, kind="stable")
        order = order[day[order] <= clock.last]
        n = len(order)
        self.person: Ints = person[order]
        self.day: Ints = day[order]
        self.is_later = rng.random(n) < 0.5
        self._spelling = rng.integers(0, 10, n)
        answer_day = self.day + rng.integers(0, 5, n)
        self._answers: Ints = np.flatnonzero((rng.random(n) < 0.5) & (answer_day <= clock.last))
        self._answer_day: Ints = answer_day[self._answers]
        self._ten, self._five = _scores(attitudes, self.person[self._answers], seed)

    def emails(self) -> pa.Array:
        """The address of each invitation. Half of the people who changed it were invited by their first address."""
        first, later = self.addresses.emails(self.person), self.addresses.later_emails(self.person)
        return text.either(self.is_later, later, first)

    def _written(self, invitations: Ints) -> pa.Array:
        return spelled(self.emails().take(pa.array(invitations)), self._spelling[invitations])

    def invitations_feed(self) -> Feed:
        """Everybody who was invited."""

        def render(rows: Ints) -> pa.Table:
            return pa.table(
                {
                    "id": text.reference("S", rows + 1),
                    "recipient": self._written(rows),
                    "sent": text.zulu(self.day[rows] * DAY_S + 7 * 3600),
                }
            )

        return Feed(
            "tool_invitations", "csv", Every.MONTH, "survey_invitations", ("id",), self.day, render, source=SOURCE
        )

    def answers_feed(self) -> Feed:
        """The answers of half of them, as a wide file."""

        def render(rows: Ints) -> pa.Table:
            which = self._answers[rows]
            scores = [text.digits(self._ten[rows]), *(text.digits(five[rows]) for five in self._five)]
            return pa.table(
                {
                    "token": text.reference("S", which + 1),
                    "respondent": self._written(which),
                    "submitted": text.zulu(self._answer_day[rows] * DAY_S + 18 * 3600),
                    **dict(zip(QUESTIONS, scores, strict=True)),
                }
            )

        return Feed(
            "tool_answers",
            "csv",
            Every.MONTH,
            "survey_answers",
            ("token",),
            self._answer_day,
            render,
            answers=QUESTIONS,
            source=SOURCE,
        )


def scale(name: str) -> Scale:
    """How people answer a question of FIVE."""
    return DISAGREES if name in REVERSED else AGREES


def _scores(attitudes: Attitudes, persons: Ints, seed: int) -> tuple[Ints, Ints]:
    """The answers from 0 to 10, and those from 1 to 5: one row per question of FIVE, one column per answer.

    A lead is in no other file: nobody knows what leads think, so their values are drawn here.
    """
    rng = draws(seed, "survey tool answers")
    n, known = len(persons), len(attitudes.attitude)
    row = np.minimum(persons, known - 1)
    stranger = rng.normal(0.0, 1.0, n)
    value = {
        name: np.where(persons < known, getattr(attitudes, name)[row], stranger)
        for name in ("attitude", "emotion", "cognition")
    }
    ten = TEN.scores(value["attitude"], rng)
    five = np.stack([scale(name).scores(value[dimension], rng) for _, name, dimension in FIVE])
    return ten, np.where(rng.random(n) < STRAIGHT_LINERS, rng.integers(2, 6, n), five)
