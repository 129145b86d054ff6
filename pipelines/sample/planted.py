"""What is true of the customers at the end of a day: their level, class and type of loyalty.

Only the process and the attitudes decide. No number of the pipeline is used here, and no answer to a survey.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import betaincinv, gammaincinv

from pipelines.sample import text
from pipelines.sample.attitudes import Attitudes
from pipelines.sample.people import labels
from pipelines.sample.process import Ints, Lives, Parameters, Purchases
from pipelines.sample.text import Bools

LEVELS = ["prospect", "new", "potential", "loyal", "at_risk", "churned"]
CLASSES = ["not_loyal", "behavioural", "cognitive", "attitudinal", "emotional"]
TYPES = ["not_loyal", "undetermined", "rational", "emotional"]
#: A silence is unusual if at most this share of the customers with the same rate, still there, are silent so long.
UNUSUAL = 0.05


def typical_gap(parameters: Parameters) -> float:
    """Days between two purchases at the median of the rates."""
    return float(parameters.alpha / gammaincinv(parameters.r, 0.5))


def typical_dropout(parameters: Parameters) -> float:
    """The median of the probabilities to leave after a repeat purchase."""
    return float(betaincinv(parameters.a, parameters.b, 0.5))


def last_days(purchases: Purchases, customers: int, day: int) -> Ints:
    """The day of each customer's last purchase until a day; -1 before the first one."""
    known = purchases.day <= day
    last = np.full(customers, -1, np.int64)
    np.maximum.at(last, purchases.customer[known], purchases.day[known])
    return last


def levels(lives: Lives, purchases: Purchases, parameters: Parameters, day: int) -> Ints:
    """Indexes into LEVELS at the end of a day.

    `prospect`: has not come yet. `new`: came less than a typical gap ago. `at_risk`: has left, which nobody can know
    yet. `churned`: has left, and the silence is unusual for their rate. Of those who are still there, `loyal` are
    less likely to leave than the typical customer; the others are `potential`. Nobody who left comes back, so nobody is
    won back.
    """
    last = last_days(purchases, len(lives.first_day), day)
    has_left = (lives.dropout_day >= 0) & (lives.dropout_day <= day)
    still_silent = np.exp(-lives.rate_per_day * (day - last))
    rules: list[tuple[str, Bools]] = [
        ("prospect", lives.first_day > day),
        ("new", day - lives.first_day < typical_gap(parameters)),
        ("churned", has_left & (still_silent <= UNUSUAL)),
        ("at_risk", has_left),
        ("loyal", lives.dropout_probability < typical_dropout(parameters)),
    ]
    chosen = [np.full(len(last), LEVELS.index(name)) for name, _ in rules]
    return np.select([holds for _, holds in rules], chosen, LEVELS.index("potential"))


def classes(felt: Attitudes, level: Ints) -> Ints:
    """Indexes into CLASSES: the deepest kind of loyalty. A value of `felt` is high if it is above the mean, 0."""
    buyers = len(level)
    rules: list[tuple[str, Bools]] = [
        ("emotional", felt.emotion[:buyers] > 0),
        ("attitudinal", felt.attitude[:buyers] > 0),
        ("cognitive", felt.cognition[:buyers] > 0),
        ("behavioural", level == LEVELS.index("loyal")),
    ]
    chosen = [np.full(buyers, CLASSES.index(name)) for name, _ in rules]
    return np.select([holds for _, holds in rules], chosen, CLASSES.index("not_loyal"))


def types(felt: Attitudes, loyalty_class: Ints) -> Ints:
    """Indexes into TYPES: the motive. Nobody buys at regular intervals or waits for discounts, so there is no habit."""
    buyers = len(loyalty_class)
    emotion, attitude, cognition = (value[:buyers] > 0 for value in (felt.emotion, felt.attitude, felt.cognition))
    rules: list[tuple[str, Bools]] = [
        ("not_loyal", loyalty_class == CLASSES.index("not_loyal")),
        ("emotional", emotion & attitude),
        ("rational", cognition),
    ]
    chosen = [np.full(buyers, TYPES.index(name)) for name, _ in rules]
    return np.select([holds for _, holds in rules], chosen, TYPES.index("undetermined"))


def month_ends(first: int, last: int) -> list[int]:
    """The month ends from a day to another, since 1970."""
    start, end = (np.datetime64(day, "D").astype("datetime64[M]") for day in (first, last + 1))
    months = np.arange(start + 1, end + 1)
    return [int(day) for day in months.astype("datetime64[D]").astype(np.int64) - 1 if first <= day <= last]


def at_month_ends(lives: Lives, purchases: Purchases, parameters: Parameters, first: int, last: int) -> pa.Table:
    """Grain: one row per acquired customer and month end from their first purchase on.

    Columns: person, month_end_on, level.
    """
    parts = []
    for day in month_ends(first, last):
        who = np.flatnonzero(lives.first_day <= day)
        level = levels(lives, purchases, parameters, day)[who]
        days = pc.cast(pa.array(np.full(len(who), day), pa.int32()), pa.date32())
        parts.append(pa.table({"person": labels(who), "month_end_on": days, "level": text.picked(LEVELS, level)}))
    return pa.concat_tables(parts)
