"""Simulated customers for the benchmarks of the value models, drawn from BG/NBD and Gamma-Gamma.

Here: the population. Not here: a timing.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TRUTH = {"r": 0.6, "alpha": 30.0, "a": 0.8, "b": 2.5, "p": 6.0, "q": 4.0, "gamma": 15.0}  # days, currency
OBSERVED_DAYS = 730


def simulate(customers: int, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """x, t_x, T in whole days and the mean amount of a repeat day, each of shape (customers,)."""
    rng = np.random.default_rng(seed)
    age = np.floor(rng.uniform(0, OBSERVED_DAYS, customers))
    rate = rng.gamma(TRUTH["r"], 1 / TRUTH["alpha"], customers)
    dropout = rng.beta(TRUTH["a"], TRUTH["b"], customers)
    repeats, recency, clock = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    alive = np.ones(customers, dtype=bool)
    while alive.any():
        clock = clock + rng.exponential(1 / np.maximum(rate, 1e-9))
        day = np.minimum(np.ceil(clock), 1e9)  # a purchase day is a whole day, and counts once
        bought = alive & (day <= age)
        repeats += bought & (day > recency)
        recency = np.where(bought, day, recency)
        alive = bought & (rng.random(customers) > dropout)
    scale = rng.gamma(TRUTH["q"], 1 / TRUTH["gamma"], customers)
    days = np.maximum(repeats, 1)
    mean = np.maximum(np.round(rng.gamma(TRUTH["p"] * days) / scale / days, 2), 0.01)
    return repeats, recency, age, np.where(repeats > 0, mean, 0.0)
