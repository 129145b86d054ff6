"""Weighted cells: customers who look the same to a model are counted together.

Here: the models' input, validated and sorted. Not here: reading them from files (files.py), or any model.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_LARGEST_KEY = 2**62


@dataclass(frozen=True)
class PurchaseCells:
    """Customers by (x, t_x, T), all arrays of shape (n_cells,), sorted, each cell once.

    Attributes:
        repeats: x, repeat purchase days.
        recency: t_x, time from first to last purchase, in any unit.
        age: T, time from first purchase to the end of observation, same unit.
        customers: Number of customers in the cell.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    customers: Floats

    @classmethod
    def of(
        cls, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, customers: ArrayLike | None = None
    ) -> "PurchaseCells":
        """Check, sort and merge.

        Args:
            repeats: x, whole and not negative, shape (n,).
            recency: t_x, from 0 to T; 0 where x is 0.
            age: T, not negative.
            customers: Customers in each cell, above 0; 1 each if left out.

        Raises:
            ValueError: An array breaks one of these rules; the message names the rule and the number of cells.
        """
        x, t_x, big_t, n = _columns(repeats, recency, age, customers)
        _refuse((x < 0) | (x != np.floor(x)), "repeats must be whole and not negative")
        _refuse((t_x < 0) | (t_x > big_t), "recency must be between 0 and age")
        _refuse((x == 0) & (t_x > 0), "recency must be 0 if there is no repeat")
        return cls(*merged((x, t_x, big_t), n))

    @property
    def n_customers(self) -> float:
        """Customers in all cells."""
        return float(self.customers.sum())


@dataclass(frozen=True)
class SpendCells:
    """Customers by (x, mean spend of a repeat day), all arrays of shape (n_cells,), sorted, each cell once.

    Attributes:
        repeats: x, repeat purchase days.
        mean_spend: Mean amount of those days, in any currency.
        customers: Number of customers in the cell.
    """

    repeats: Floats
    mean_spend: Floats
    customers: Floats

    @classmethod
    def of(cls, repeats: ArrayLike, mean_spend: ArrayLike, customers: ArrayLike | None = None) -> "SpendCells":
        """Check, sort and merge.

        Args:
            repeats: x, whole and not negative, shape (n,).
            mean_spend: Finite; a fit ignores cells with zero or a negative value.
            customers: Customers in each cell, above 0; 1 each if left out.

        Raises:
            ValueError: An array breaks one of these rules; the message names the rule and the number of cells.
        """
        x, mean, n = _columns(repeats, mean_spend, customers)
        _refuse((x < 0) | (x != np.floor(x)), "repeats must be whole and not negative")
        return cls(*merged((x, mean), n))

    def usable(self) -> "SpendCells":
        """The cells on which a spend model can be fitted: at least one repeat, and a positive mean."""
        keep = (self.repeats > 0) & (self.mean_spend > 0)
        return SpendCells(self.repeats[keep], self.mean_spend[keep], self.customers[keep])

    @property
    def n_customers(self) -> float:
        """Customers in all cells."""
        return float(self.customers.sum())


def _columns(*values: ArrayLike | None) -> tuple[Floats, ...]:
    """Float arrays of one length; the last may be None and is then all 1."""
    *given, customers = values
    arrays = [np.asarray(value, dtype=np.float64) for value in given if value is not None]
    arrays.append(np.ones(arrays[0].shape) if customers is None else np.asarray(customers, dtype=np.float64))
    if any(array.ndim != 1 or array.shape != arrays[0].shape for array in arrays):
        raise ValueError(f"cells must be one-dimensional and of one length, not {[array.shape for array in arrays]}")
    for array in arrays:
        _refuse(~np.isfinite(array), "values must be finite")
    _refuse(arrays[-1] <= 0, "customers must be above 0")
    return tuple(arrays)


def _refuse(bad: NDArray[np.bool_], rule: str) -> None:
    count = int(np.count_nonzero(bad))
    if count:
        raise ValueError(f"{rule}: broken in {count} of {bad.size} cells, first in cell {int(np.argmax(bad))}")


def merged(keys: tuple[Floats, ...], customers: Floats) -> tuple[Floats, ...]:
    """Sort by the keys and add up the customers of equal keys, so that the order of the input changes nothing."""
    order = _order(keys, customers)
    sorted_keys = [key[order] for key in keys]
    is_first = np.ones(order.size, dtype=bool)
    if order.size:
        is_first[1:] = np.any([key[1:] != key[:-1] for key in sorted_keys], axis=0)
    starts = np.flatnonzero(is_first)
    counts = np.add.reduceat(customers[order], starts) if order.size else customers[order]
    return (*(key[starts] for key in sorted_keys), counts)


def _order(keys: tuple[Floats, ...], customers: Floats) -> NDArray[np.intp]:
    """The sort order by the keys, and also by customers if the order can change a sum of them."""
    if all(np.array_equal(column, np.floor(column)) for column in (*keys, customers)) and customers.size:
        # days and counts become one whole number per row, which sorts three times as fast; their sums are exact
        lows = [key.min() for key in keys]
        spans = [int(key.max() - low) + 1 for key, low in zip(keys, lows, strict=True)]
        if math.prod(spans) < _LARGEST_KEY:
            code = np.zeros(customers.size, dtype=np.int64)
            for key, low, span in zip(keys, lows, spans, strict=True):
                code = code * span + (key - low).astype(np.int64)
            return np.argsort(code)
    return np.lexsort((customers, *keys[::-1]))
