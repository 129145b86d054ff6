"""A campaign towards the end of the period with a random control group: those who got its mail buy more."""

from dataclasses import dataclass

import numpy as np

from pipelines.sample import effects
from pipelines.sample.effects import Effect
from pipelines.sample.people import People
from pipelines.sample.process import Ints, Lives, Purchases, draws
from pipelines.sample.text import Bools, Clock

CAMPAIGN, KIND = "COMEBACK", "discount"
#: The days, with that of the mail, within which a purchase counts: those of the setting model.reports.campaign_days.
DAYS = 30
#: How much more those buy who got the mail, see effects.py.
STRENGTH = 0.5
#: Mails are sent this many days before the end.
BEFORE_END = 45


@dataclass(frozen=True)
class Trial:
    """One row per customer who was chosen for the campaign.

    Attributes:
        person: Index into People.
        at: UTC time in seconds since 1970.
        is_control: Whether they got no mail, by chance.
        effect: What the campaign changes.
    """

    person: Ints
    at: Ints
    is_control: Bools
    effect: Effect


def build(people: People, lives: Lives, purchases: Purchases, clock: Clock, seed: int) -> Trial:
    """Choose everybody who has bought and has a customer record, half of them for the control group."""
    rng = draws(seed, "trial")
    day = clock.last - BEFORE_END
    person = np.flatnonzero(people.has_record[: people.buyers])
    person = person[np.maximum(people.registered, people.since)[person] < day]
    n = len(person)
    bought = effects.window(lives, purchases, person, np.full(n, day), DAYS, clock.last)
    return Trial(
        person=person,
        at=clock.utc(np.full(n, day), rng.integers(8 * 3600, 20 * 3600, n)),
        is_control=~bought.group(STRENGTH, rng),
        effect=Effect("campaign", CAMPAIGN, DAYS, n, bought.difference(STRENGTH, np.ones(n, bool))),
    )
