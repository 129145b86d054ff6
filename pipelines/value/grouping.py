"""Slow functions are computed once per distinct value.

Here: the index of distinct values, and sums over it. Not here: any model.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Distinct:
    """An array as its distinct values and their positions.

    Attributes:
        values: Sorted, shape (k,).
        index: Into `values`, shape (n,).
    """

    values: Floats
    index: NDArray[np.intp]

    @classmethod
    def of(cls, array: Floats) -> "Distinct":
        """Index the distinct values of an array of shape (n,)."""
        values, index = np.unique(array, return_inverse=True)
        return cls(values, index)

    def spread(self, per_value: Floats) -> Floats:
        """Values of shape (k,) to shape (n,)."""
        return per_value[self.index]

    def total(self, per_cell: Floats) -> Floats:
        """Sum an array of shape (n,) per distinct value, shape (k,)."""
        totals: Floats = np.bincount(self.index, weights=per_cell, minlength=self.values.size).astype(np.float64)
        return totals
