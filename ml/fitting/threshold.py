"""From which score on the positive class is told: the threshold that costs least."""

import numpy as np

from ml.declaration.estimator import Cost
from ml.evaluation.metrics import Array, Codes


def cheapest(cost: Cost, truth: Codes, scores: Array) -> float:
    """Return the threshold at which ``scores`` [rows] of ``truth`` [rows] cost least.

    ``truth`` is 1 where positive. Every cut between two different scores, one below all and one
    above all are tried. Of cuts that cost the same the one next to the threshold that is right for
    probabilities, false_positive / (false_positive + false_negative), is taken, and within that cut
    that threshold itself, or else the middle.
    """
    values, at = np.unique(scores, return_inverse=True)
    hits = np.bincount(at, weights=truth == 1)
    misses = np.bincount(at, weights=truth != 1)
    # Cut k tells the rows of the k lowest values negative.
    missed = np.concatenate([[0], np.cumsum(hits)])
    alarms = misses.sum() - np.concatenate([[0], np.cumsum(misses)])
    costs = cost.false_negative * missed + cost.false_positive * alarms
    right = cost.false_positive / (cost.false_positive + cost.false_negative)
    placed = [_within(values, int(at), right) for at in np.flatnonzero(costs == costs.min())]
    return min(placed, key=lambda threshold: (abs(threshold - right), threshold))


def _within(values: Array, cut: int, right: float) -> float:
    """Return ``right`` where it is above ``values[cut - 1]`` and at most ``values[cut]``.

    Else what is halfway between the two, as far from both as can be.
    """
    low = float(values[cut - 1]) if cut else 0.0
    high = float(values[cut]) if cut < len(values) else max(1.0, float(np.nextafter(low, 2)))
    if low < right <= high:
        return right
    middle = (low + high) / 2
    return middle if low < middle <= high else high
