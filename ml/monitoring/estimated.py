"""How good predictions are before their labels are there, from calibrated probabilities.

CBPE, by NannyML's documentation, "Confidence-based Performance Estimation" (docs.nannyml.com): a
row told with probability p is, in expectation, p of a row of the positive class and 1 - p of one
of the other; the confusion matrix and the curves of such shares are the expected ones. It holds as
far as the probabilities do: it sees that rows are harder, not that what leads to the label changed.
"""

from collections.abc import Iterator

import numpy as np

from ml.evaluation.bootstrap import RESAMPLES, Interval
from ml.evaluation.metrics import Array, Codes, classification

_MOST_ROWS = 20_000
_AT_ONCE = 20


def estimate(score: Array, decided: Codes, seed: int) -> dict[str, Interval]:
    """Return each metric that is to be expected of ``score`` [rows] and the classes ``decided``.

    ``score`` are calibrated probabilities of the second of two classes, ``decided`` is 0 or 1. The
    interval is the one in which the metric of these rows lies with 95 %, whatever labels come, as
    drawn by ``seed``. ``true_positives`` and the rest of the confusion matrix are numbers of rows.
    """
    expected = _metrics(score, decided, score[None, :])
    drawn = _drawn(score, decided, np.random.default_rng(seed))
    found = {name: _interval(value, drawn[name]) for name, value in expected.items()}
    return found | dict(_confusion(score, decided))


def _metrics(score: Array, decided: Codes, positive: Array) -> dict[str, Array]:
    """Return the metrics of rows that are ``positive`` [draws, rows] in part, and else negative."""
    truth = np.repeat([1, 0], len(score))
    shares = np.stack([1 - score, score], axis=1)
    weights = np.concatenate([positive, 1 - positive], axis=1)
    return classification(truth, np.tile(shares, (2, 1)), weights, np.tile(decided, 2))


def _drawn(score: Array, decided: Codes, random: np.random.Generator) -> dict[str, Array]:
    """Return how far from its expectation each metric lies in each draw of labels."""
    scale = 1.0
    if len(score) > _MOST_ROWS:
        chosen = np.sort(random.choice(len(score), _MOST_ROWS, replace=False))
        scale = float(np.sqrt(_MOST_ROWS / len(score)))
        score, decided = score[chosen], decided[chosen]
    middle = _metrics(score, decided, score[None, :])
    parts: dict[str, list[Array]] = {name: [] for name in middle}
    for _ in range(RESAMPLES // _AT_ONCE):
        labels = (random.random((_AT_ONCE, len(score))) < score).astype(np.float64)
        for name, values in _metrics(score, decided, labels).items():
            parts[name].append((values - middle[name]) * scale)
    return {name: np.concatenate(each) for name, each in parts.items()}


def _interval(expected: Array, apart: Array) -> Interval:
    value, defined = float(expected[0]), apart[~np.isnan(apart)]
    if np.isnan(value) or not len(defined):
        return Interval(None)
    low, high = np.quantile(defined, (0.025, 0.975))
    return Interval(value, value + float(low), value + float(high))


def _confusion(score: Array, decided: Codes) -> Iterator[tuple[str, Interval]]:
    for name, told, chance in (
        ("true_positives", 1, score),
        ("false_positives", 1, 1 - score),
        ("true_negatives", 0, 1 - score),
        ("false_negatives", 0, score),
    ):
        chances = chance[decided == told]
        middle, spread = float(chances.sum()), float(np.sqrt((chances * (1 - chances)).sum()))
        yield name, Interval(middle, middle - 1.96 * spread, middle + 1.96 * spread)
