"""How much each feature matters: what shuffling its values costs (permutation importance).

Breiman, L. "Random Forests", Machine Learning 45 (2001). Shuffled as scikit-learn's
``permutation_importance`` does, so that the same seed gives the same numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.declaration.measures import MEASURES
from ml.evaluation.asking import sample_of, told_of
from ml.evaluation.metrics import Array, Codes
from ml.evaluation.outcome import Outcome
from ml.model import Model

REPEATS = 3
_MOST_ROWS = 2_000
_MOST_DOCUMENTS = 500
# Rows told in all; of very many features each is shuffled among fewer rows.
_MOST_TOLD = 100_000
_FEWEST_ROWS = 200


@dataclass(frozen=True)
class Importance:
    """By how much ``metric`` became worse: the mean, the least and the most of the shuffles."""

    feature: str
    metric: str
    value: float
    low: float
    high: float


def importances_of(
    model: Model, rows: pa.Table, truth: Codes | Array, metric: str, seed: int
) -> list[Importance]:
    """Return the importance of each feature of ``rows``, the most important first.

    ``rows`` has the model's features in order, ``truth`` [rows] class positions or numbers. None
    where the metric is not defined on the rows drawn.
    """
    chosen = sample_of(len(truth), _most(model), seed)
    rows, truth = rows.take(pa.array(chosen)), truth[chosen]
    told = told_of(model, [rows, *_shuffled(rows, seed)])
    whole, *shuffled = (_value(model, truth, each, metric) for each in told)
    gain = MEASURES[metric].gain
    lost = np.array([gain(whole, each) for each in shuffled]).reshape(-1, REPEATS)
    found = [
        Importance(feature.name, metric, *map(float, (each.mean(), each.min(), each.max())))
        for feature, each in zip(model.encoder.features, lost, strict=True)
        if not np.isnan(each).any()
    ]
    return sorted(found, key=lambda each: -each.value)


def _most(model: Model) -> int:
    most = _MOST_DOCUMENTS if model.encoder.reads_text or model.encoder.reads_images else _MOST_ROWS
    share = _MOST_TOLD // (REPEATS * max(1, len(model.encoder.features)))
    return min(most, max(_FEWEST_ROWS, share))


def _shuffled(rows: pa.Table, seed: int) -> Iterator[pa.Table]:
    """Yield the rows with one column shuffled, each column ``REPEATS`` times."""
    orders = []
    random = np.random.RandomState(seed)
    shuffle, order = np.arange(rows.num_rows), np.arange(rows.num_rows)
    for _ in range(REPEATS):
        random.shuffle(shuffle)
        order = order[shuffle]
        orders.append(pa.array(order))
    for at, name in enumerate(rows.column_names):
        for each in orders:
            yield rows.set_column(at, name, rows.column(at).take(each))


def _value(model: Model, truth: Codes | Array, told: Array, metric: str) -> float:
    decided = model.decide(told) if model.classes else None
    return Outcome(truth, told, decided=decided).values()[metric]
