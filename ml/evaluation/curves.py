"""ROC, precision and recall, calibration and gains, as points that SQL can read.

The definitions are scikit-learn's; of a longer curve points are kept in equal steps along it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.metrics import Array
from ml.evaluation.outcome import Outcome

MOST_POINTS = 200
# Of many classes each has fewer points, so that the table stays small.
_MOST_POINTS_OF_ALL = 4000
_FEWEST_POINTS = 20
_BINS = 10

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Curve:
    """Points in order; a ``threshold`` [points] that is not finite takes no row."""

    name: str
    class_: str
    x: Array
    y: Array
    threshold: Array


def curves_of(outcome: Outcome, classes: Sequence[str]) -> list[Curve]:
    """Return every curve of a classification, of two classes for the second only."""
    chosen = range(len(classes)) if len(classes) > 2 else [1]
    most = max(_FEWEST_POINTS, min(MOST_POINTS, _MOST_POINTS_OF_ALL // len(chosen)))
    found: list[Curve] = []
    for code in chosen:
        positive, score = np.asarray(outcome.truth == code), outcome.told[:, code]
        # A class that no row held out has, or that all have, has no curve.
        if positive.any() and not positive.all():
            found += _curves_of_class(classes[code], positive, score, most)
    return found


def _curves_of_class(class_: str, positive: Flags, score: Array, most: int) -> Iterator[Curve]:
    for name, make in (("roc", roc), ("precision_recall", precision_recall), ("gains", gains)):
        x, y, threshold = make(positive, score)
        kept = thinned(x, y, most)
        yield Curve(name, class_, x[kept], y[kept], threshold[kept])
    yield Curve("calibration", class_, *calibration(positive, score))


def roc(positive: Flags, score: Array) -> tuple[Array, Array, Array]:
    """Return false positive rate, true positive rate and threshold, from no row to all rows."""
    hits, misses, threshold = _counted(positive, score)
    kept = _corners(misses, hits)
    return misses[kept] / misses[-1], hits[kept] / hits[-1], threshold[kept]


def precision_recall(positive: Flags, score: Array) -> tuple[Array, Array, Array]:
    """Return recall, precision and threshold, from no row, whose precision is 1, to all rows."""
    hits, misses, threshold = _counted(positive, score)
    told = hits + misses
    precision = np.divide(hits, told, out=np.ones_like(hits), where=told > 0)
    # Between the first and the last point of one recall lie points that say nothing more.
    rises = np.diff(hits[1:]) > 0
    kept = np.r_[True, True, rises[:-1] | rises[1:], True] if len(rises) else slice(None)
    return hits[kept] / hits[-1], precision[kept], threshold[kept]


def gains(positive: Flags, score: Array) -> tuple[Array, Array, Array]:
    """Return the share of rows taken, highest score first, the share of positives among them."""
    hits, misses, threshold = _counted(positive, score)
    kept = _corners(misses, hits)
    return (hits + misses)[kept] / len(score), hits[kept] / hits[-1], threshold[kept]


def calibration(positive: Flags, score: Array) -> tuple[Array, Array, Array]:
    """Return mean probability told, share that came true and lower edge, in bins of equal rows.

    Bins that equal probabilities leave empty are left out.
    """
    edges = np.quantile(score, np.linspace(0, 1, _BINS + 1))
    place = np.searchsorted(edges[1:-1], score)
    rows = np.bincount(place, minlength=_BINS)
    there = rows > 0
    told = np.bincount(place, score, _BINS)[there] / rows[there]
    true = np.bincount(place, positive.astype(np.float64), _BINS)[there] / rows[there]
    return told, true, edges[:-1][there]


def thinned(x: Array, y: Array, most: int) -> npt.NDArray[np.int64]:
    """Return the positions of at most ``most`` points, the ends and equal steps along the curve."""
    if len(x) <= most:
        return np.arange(len(x))
    along = np.r_[0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))]
    steps = np.linspace(0, along[-1], most)
    kept = np.unique(np.searchsorted(along, steps[:-1]))
    return np.asarray(np.r_[kept, len(x) - 1], dtype=np.int64)


def _counted(positive: Flags, score: Array) -> tuple[Array, Array, Array]:
    """Return positives, negatives and score from each distinct score on; first of no row."""
    order = np.argsort(-score, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(score[order])), len(score) - 1]
    hits = np.cumsum(positive[order].astype(np.float64))[ends]
    misses = ends + 1.0 - hits
    return np.r_[0.0, hits], np.r_[0.0, misses], np.r_[np.inf, score[order][ends]]


def _corners(across: Array, up: Array) -> Flags:
    """Say which points do not lie on the straight line between their neighbours.

    The first, of no row, and the highest score are kept, as scikit-learn does.
    """
    bends = (np.diff(across[1:], 2) != 0) | (np.diff(up[1:], 2) != 0)
    return np.asarray(np.r_[True, True, bends, True][: len(across)])
