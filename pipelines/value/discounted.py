"""What a customer is worth today: expected purchases, each worth its margin, discounted by when they come.

Here: from purchases expected by the ends of periods to their present value. Not here: how many are expected
(purchase_model.py), what one brings (gamma_gamma.py).
Source: Fader, Hardie & Lee 2005, "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", which discounts
continuously; here by periods, as shops count their rates: value = margin x spend x the sum over periods k of
(E[Y(t_k)] - E[Y(t_(k-1))]) / (1 + rate)^d_k, with d_k when a purchase of period k is taken to be paid.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_ROUNDING = 1e-6  # relative: by so much an expectation that has levelled off may fall


def discounted_purchases(expected: ArrayLike, due: ArrayLike, rate: float) -> Floats:
    """Purchases expected in all periods, a later one counting for less.

    Args:
        expected: Purchases expected from now to the end of each period, shape (n_periods, n); not falling from one
            period's end to the next. Unknown (NaN) stays unknown.
        due: When the purchases of each period are paid, shape (n_periods,), counted in what the rate is for: 1, 2, 3, …
            at the ends of its periods (as most packages do), 0.5, 1.5, … in their middle, 1.5/12 for the middle of the
            first quarter at a rate a year.
        rate: What is lost by waiting, e.g. 0.10; not below 0.

    Returns:
        Shape (n,); at a rate of 0 what is expected by the last period's end.

    Raises:
        ValueError: Shapes do not fit, `expected` falls or is below 0, `due` is not finite or below 0 or falls, or the
            rate is not finite or below 0.
    """
    by_end, when = np.asarray(expected, dtype=np.float64), np.asarray(due, dtype=np.float64)
    if by_end.ndim != 2 or by_end.shape[:1] != when.shape:
        raise ValueError(f"expected purchases must be of shape (periods, n), not {by_end.shape} with {when.shape}")
    if not (np.isfinite(rate) and rate >= 0):
        raise ValueError(f"a discount rate must be a finite number not below 0, not {rate}")
    if not np.isfinite(when).all() or np.any(np.diff(when, prepend=0.0) < 0):
        raise ValueError("periods must be due one after the other, from now on")
    of_period = np.diff(by_end, axis=0, prepend=0.0)
    if np.any(of_period < -_ROUNDING * np.abs(by_end)):
        raise ValueError("expected purchases must not fall from one period's end to the next")
    factors = np.exp(-when * np.log1p(rate))
    return np.asarray(factors @ of_period, dtype=np.float64)


def discounted_value(
    expected: ArrayLike, due: ArrayLike, rate: float, *, spend: ArrayLike, margin: ArrayLike = 1.0
) -> Floats:
    """Present value of the purchases expected in all periods.

    Args:
        expected: As for `discounted_purchases`.
        due: Likewise.
        rate: Likewise.
        spend: Expected amount of a purchase, in any currency, shape (n,) or one for all; not below 0.
        margin: What is left of it, as a share: at most 1, and below 0 where costs are above the price; shape (n,) or
            one for all. Left out, the value is revenue.

    Returns:
        In the currency of `spend`, shape (n,).

    Raises:
        ValueError: As for `discounted_purchases`; a spend below 0; a margin above 1.
    """
    amount, share = np.asarray(spend, dtype=np.float64), np.asarray(margin, dtype=np.float64)
    if np.any(amount < 0):
        raise ValueError("expected spend must not be below 0")
    if np.any(share > 1):
        raise ValueError("a margin is a share of revenue, at most 1")
    return np.asarray(discounted_purchases(expected, due, rate) * amount * share, dtype=np.float64)
