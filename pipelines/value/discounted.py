"""The present value of a customer: the margin of expected purchases, discounted by the time of payment.

Here: the present value of purchases expected by the ends of periods. Not here: how many are expected
(purchase_model.py), and the amount of one purchase (gamma_gamma.py).
Source: Fader, Hardie & Lee 2005, "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis". The paper discounts
continuously; here discounting is by periods, as is usual in shops: value = margin x spend x the sum over periods k of
(E[Y(t_k)] - E[Y(t_(k-1))]) / (1 + rate)^d_k, where d_k is the time at which a purchase of period k is paid.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_ROUNDING = 1e-6  # relative: an expectation that no longer rises may fall by this much


def discounted_purchases(expected: ArrayLike, due: ArrayLike, rate: float) -> Floats:
    """Purchases expected in all periods, discounted.

    Args:
        expected: Purchases expected from now to the end of each period, shape (n_periods, n); they must not fall from
            one period to the next. NaN stays NaN.
        due: When the purchases of each period are paid, shape (n_periods,), in the unit of time of the rate. 1, 2, 3, …
            are the ends of periods (as in most packages), and 0.5, 1.5, … their middles. 1.5/12 is the middle of the
            first quarter if the rate is yearly.
        rate: Discount rate per unit of time, for example 0.10; not below 0.

    Returns:
        Shape (n,); at a rate of 0 the purchases expected by the end of the last period.

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
        raise ValueError("periods must be due one after the other: finite, not below 0, not falling")
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
        margin: The margin as a share of the amount: at most 1, and below 0 if costs are above the price; shape (n,) or
            one for all. With the default the value is revenue.

    Returns:
        In the currency of `spend`, shape (n,).

    Raises:
        ValueError: As for `discounted_purchases`; a spend below 0; a margin above 1.
    """
    amount, share = np.asarray(spend, dtype=np.float64), np.asarray(margin, dtype=np.float64)
    if np.any(amount < 0):
        raise ValueError("expected spend must not be below 0")
    if np.any(share > 1):
        raise ValueError("a margin must be a share of revenue of at most 1")
    return np.asarray(discounted_purchases(expected, due, rate) * amount * share, dtype=np.float64)
