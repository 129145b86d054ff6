"""Johnson's relative weights: how much of the explained variance goes with each of several correlated predictors.

Here: pure functions on correlation matrices. Not here: responses, resampling (drivers.py).

Source: Johnson (2000), "A Heuristic Method for Estimating the Relative Weight of Predictor Variables in Multiple
Regression", Multivariate Behavioral Research 35(1). The predictors are replaced by the orthogonal variables that are
closest to them (the symmetric square root of their correlation matrix). The outcome is regressed on these, and each
squared coefficient is divided among the predictors by their squared correlations with the orthogonal variable.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# An eigenvalue below this share of the largest one belongs to predictors that repeat each other.
_SMALLEST = 1e-10


def relative_weights(among: Floats, with_outcome: Floats) -> Floats:
    """The raw relative weight of each predictor. They are not negative, and add up to R-squared.

    Args:
        among: Correlations of p predictors, (..., p, p); any number of matrices.
        with_outcome: Their correlations with the outcome, (..., p).

    Returns:
        The weights, (..., p). A predictor that repeats others shares their weight.
    """
    values, vectors = np.linalg.eigh(among)
    is_used = values > _SMALLEST * values[..., -1:]
    roots = np.sqrt(np.where(is_used, values, 0.0))
    inverse = np.where(is_used, 1.0 / np.where(is_used, roots, 1.0), 0.0)
    transposed = np.swapaxes(vectors, -1, -2)
    loadings = vectors * roots[..., np.newaxis, :] @ transposed
    turned = transposed @ with_outcome[..., np.newaxis]
    coefficients = vectors @ (inverse[..., np.newaxis] * turned)
    weights: Floats = (loadings**2 @ coefficients**2)[..., 0]
    return weights


def correlations(moments: Floats, n_variables: int) -> Floats:
    """Correlation matrices of weighted rows, from the sums that `products` describes.

    Args:
        moments: Sums over the rows of each of the columns of `products`, (m, 1 + v + v (v + 1) / 2).
        n_variables: v.

    Returns:
        (m, v, v); NaN for a variable without variance.
    """
    rows, columns = np.triu_indices(n_variables)
    total = moments[:, :1]
    means = moments[:, 1 : n_variables + 1] / total
    upper = moments[:, n_variables + 1 :] / total - means[:, rows] * means[:, columns]
    covariance = np.empty((len(moments), n_variables, n_variables))
    covariance[:, rows, columns] = upper
    covariance[:, columns, rows] = upper
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    spread = np.sqrt(np.where(variance > _SMALLEST, variance, np.nan))
    found: Floats = covariance / (spread[:, :, np.newaxis] * spread[:, np.newaxis, :])
    return found


def products(values: Floats) -> Floats:
    """1, each variable, and each product of two variables (upper triangle by rows): (n, 1 + v + v (v + 1) / 2)."""
    rows, columns = np.triu_indices(values.shape[1])
    return np.column_stack([np.ones(len(values)), values, values[:, rows] * values[:, columns]])
