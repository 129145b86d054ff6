"""The survey tool, a source of its own. It knows people only by the e-mail address to which it sends an invitation."""

import numpy as np
import pyarrow as pa

from pipelines.sample import text
from pipelines.sample.addresses import Addresses, can_be_asked, spelled
from pipelines.sample.feed import Every, Feed
from pipelines.sample.people import People
from pipelines.sample.process import Ints, draws
from pipelines.sample.text import DAY_S, Clock

SOURCE = "survey_tool"
QUESTIONS = {"Would you recommend us? (0-10)": "recommend", "Will you buy again? (1-5)": "again"}


class SurveyTool:
    """The invitations and their answers.

    Args:
        people: The people.
        addresses: Their addresses, also those of leads.
        clock: The clock of the time zone.
        seed: Seed of the draws.
    """

    def __init__(self, people: People, addresses: Addresses, clock: Clock, seed: int) -> None:
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
        mood = rng.normal(0.0, 1.0, n)
        self._ten: Ints = np.clip(np.rint(8.0 + 1.8 * mood), 0, 10).astype(np.int64)
        self._five: Ints = np.clip(np.rint(3.8 + 0.9 * mood), 1, 5).astype(np.int64)

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
            scores = [text.digits(self._ten[which]), text.digits(self._five[which])]
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
