"""The chance of each planted level of a customer, from their purchases and the parameters of the process.

BG/NBD: with x repeat purchases, the rate and the probability to leave have a gamma and a beta distribution again, one
pair for those who are still there and one for those who left at their last purchase (Fader, Hardie & Lee 2005).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaincc

from pipelines.sample import planted
from pipelines.sample.process import Floats, Ints, Parameters


@dataclass(frozen=True)
class Bought:
    """What is seen of customers who have bought: arrays of the same length.

    Attributes:
        repeats: Purchases after the first one.
        span: Days from the first to the last purchase.
        age: Days since the first purchase.
    """

    repeats: Ints
    span: Ints
    age: Ints


def level_chances(bought: Bought, known: Parameters) -> Floats:
    """One row per customer, one column per entry of planted.LEVELS."""
    x, span, age = bought.repeats, bought.span.astype(np.float64), bought.age.astype(np.float64)
    shape = known.r + x
    odds = np.where(x > 0, known.a / (known.b + np.maximum(x, 1) - 1), 0.0)
    odds = odds * ((known.alpha + age) / (known.alpha + span)) ** shape
    left = odds / (1 + odds)
    unusual_rate = -np.log(planted.UNUSUAL) / np.maximum(age - span, 1e-9)
    shows = gammaincc(shape, (known.alpha + span) * unusual_rate)
    stays = betainc(known.a, known.b + x, planted.typical_dropout(known))
    chances = {
        "churned": left * shows,
        "at_risk": left * (1 - shows),
        "loyal": (1 - left) * stays,
        "potential": (1 - left) * (1 - stays),
    }
    is_new = age < planted.typical_gap(known)
    found = np.zeros((len(x), len(planted.LEVELS)))
    for name, chance in chances.items():
        found[:, planted.LEVELS.index(name)] = np.where(is_new, 0.0, chance)
    found[:, planted.LEVELS.index("new")] = is_new
    return found
