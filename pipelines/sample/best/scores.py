"""How well labels agree with the planted ones: confusion matrix, macro F1, and the rule with the best macro F1."""

import numpy as np

from pipelines.sample.process import Floats, Ints


def confusion(true: Ints, found: Ints, labels: int) -> Ints:
    """How many customers of each true label (row) were given each label (column)."""
    return np.bincount(true * labels + found, minlength=labels * labels).reshape(labels, labels).astype(np.int64)


def f1_of(matrix: Floats | Ints) -> Floats:
    """F1 of each label: 2 hits / (customers with the label + customers who were given it); 0 without any."""
    total = matrix.sum(axis=0) + matrix.sum(axis=1)
    found: Floats = 2 * np.diag(matrix) / np.maximum(total, 1e-12)
    return found


def macro_f1(matrix: Floats | Ints) -> float:
    """The mean F1 of the labels that some customer truly has."""
    return float(f1_of(matrix)[matrix.sum(axis=1) > 0].mean())


def best_labels(chances: Floats) -> Ints:
    """One label per customer, with the largest expected macro F1.

    The most probable label is not the best one: it never finds a rare label. The best rule multiplies the chances by a
    weight per label and takes the largest. The weights are searched one after the other with the expected matrix; the
    true labels are not looked at.
    """
    labels = chances.shape[1]
    weights = np.ones(labels)
    kept = weights
    best: Ints = chances.argmax(axis=1).astype(np.int64)
    best_score = -1.0
    for _ in range(4):
        for label in range(labels):
            for factor in np.geomspace(0.25, 4.0, 25):
                tried = weights.copy()
                tried[label] *= factor
                found: Ints = (chances * tried).argmax(axis=1).astype(np.int64)
                expected = np.zeros((labels, labels))
                np.add.at(expected.T, found, chances)
                score = macro_f1(np.where(expected < 1e-9, 0.0, expected))
                if score > best_score + 1e-9:
                    best, best_score, kept = found, score, tried
            weights = kept
    return best
