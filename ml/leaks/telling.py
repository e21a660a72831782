"""How much one column by itself tells of the label: by its order, and by what it is equal to."""

import numpy as np
import numpy.typing as npt

from ml.evaluation.metrics import Array, Codes, roc_auc
from ml.leaks.bounds import auc_low, correlation_low

# A number of at most so many values is told value by value, one of more in so many equal shares.
MOST_VALUES, SHARES = 1_000, 256

Flags = npt.NDArray[np.bool_]
# What is met and the lower end of its interval.
Met = tuple[float, float]


def order_auc(values: Array, positive: Flags) -> Met:
    """Return the ROC AUC of ``values`` [rows], in whichever direction is better."""
    hits = int(np.count_nonzero(positive))
    misses = len(positive) - hits
    if not hits or not misses:
        return 0.5, 0.0
    auc = float(roc_auc(positive, values, np.ones((1, len(values))))[0])
    auc = max(auc, 1 - auc)
    return auc, auc_low(auc, hits, misses)


def share_auc(codes: Codes, labels: Codes, classes: int, held: Flags) -> Met:
    """Return the ROC AUC on the rows ``held`` of each class's share, by code, among the others.

    ``codes`` [rows] say what is equal, ``labels`` [rows] are positions of ``classes``. Of more than
    two classes it is that of the class that is told best, each against the rest: a column that
    tells one perfectly and nothing of the others is a leak of that one.
    """
    found = [
        _one_against_rest(codes, labels == each, held)
        for each in (range(classes) if classes > 2 else (1,))
    ]
    defined = [each for each in found if each is not None]
    return max(defined, key=lambda each: each[1], default=(0.5, 0.0))


def _one_against_rest(codes: Codes, positive: Flags, held: Flags) -> Met | None:
    judged = positive[held]
    hits = int(np.count_nonzero(judged))
    if not hits or hits == len(judged):
        return None
    share = _mean_by_code(codes, positive.astype(np.float64), ~held)[codes[held]]
    auc = float(roc_auc(judged, share, np.ones((1, len(judged))))[0])
    return auc, auc_low(auc, hits, len(judged) - hits)


def order_correlation(values: Array, labels: Array) -> Met:
    """Return the absolute rank correlation (Spearman's) of ``values`` and ``labels`` [rows]."""
    if len(values) < 3:
        return 0.0, 0.0
    one, two = _ranks(values), _ranks(labels)
    one, two = one - one.mean(), two - two.mean()
    spread = float(np.sqrt((one @ one) * (two @ two)))
    met = min(abs(float(one @ two)) / spread, 1.0) if spread else 0.0
    return met, correlation_low(met, len(values))


def share_correlation(codes: Codes, labels: Array, held: Flags) -> Met:
    """Return the rank correlation, on the rows ``held``, of the label's mean by code elsewhere."""
    mean = _mean_by_code(codes, labels, ~held)
    return order_correlation(mean[codes[held]], labels[held])


def coded(values: Array, learnt: Flags) -> Codes:
    """Return codes by which equal or near numbers are equal; missing ones have a code too.

    Where the cuts lie is learnt from the rows ``learnt``.
    """
    there = ~np.isnan(values)
    known = values[there & learnt]
    cuts = np.unique(known)
    if len(cuts) > MOST_VALUES:
        cuts = np.unique(np.quantile(known, np.linspace(0, 1, SHARES + 1)[1:-1]))
    codes = np.full(len(values), 2 * len(cuts) + 1, dtype=np.int64)
    # What lies between two values is another value: even codes are between, odd ones are met.
    codes[there] = np.searchsorted(cuts, values[there], "left")
    codes[there] += np.searchsorted(cuts, values[there], "right")
    return codes


def _mean_by_code(codes: Codes, values: Array, learnt: Flags) -> Array:
    """Return the mean of ``values`` by code among the rows ``learnt``, drawn to the mean of all.

    A code among them once lies half way; one not among them has the mean.
    """
    mean = float(values[learnt].mean())
    many = int(codes.max()) + 1
    rows = np.bincount(codes[learnt], minlength=many)
    total = np.bincount(codes[learnt], weights=values[learnt], minlength=many)
    return np.asarray((total + mean) / (rows + 1), dtype=np.float64)


def _ranks(values: Array) -> Array:
    """Return the ranks of ``values``, equal ones the mean of theirs."""
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[at], dtype=np.float64)
