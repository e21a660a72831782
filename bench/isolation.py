"""Isolation forests beside scikit-learn's ``score_samples``, on the same rows.

``GOLDLOOP_BENCH_ROWS`` measures with fewer rows.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

from ml.compiled import compiled
from ml.data.features import Encoder, Feature
from ml.model import Model

RUNS = 3
ROWS = int(os.environ.get("GOLDLOOP_BENCH_ROWS", "1000000"))
COLUMNS, LEARNT, TARGET = 20, 50_000, 1 / 5


def run() -> list[dict[str, Any]]:
    """Measure 100 trees; a ratio is our time over scikit-learn's, scores being equal."""
    random = np.random.default_rng(0)
    matrix = random.normal(size=(ROWS, COLUMNS))
    matrix[random.random(matrix.shape) < 0.05] = np.nan
    forest = IsolationForest(random_state=0).fit(matrix[:LEARNT])
    features = tuple(Feature(f"n{at}", "DOUBLE", "number") for at in range(COLUMNS))
    made = compiled(Model(Encoder(features), forest, "anomaly_detection", threshold=0.5))
    if made is None:
        raise RuntimeError("the forest is not compiled")
    if not np.array_equal(made.tell_matrix(matrix), -forest.score_samples(matrix)):
        raise RuntimeError("the kernel differs from scikit-learn")
    pairs = [
        (_time(made.tell_matrix, matrix), _time(forest.score_samples, matrix)) for _ in range(RUNS)
    ]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    return [
        {
            "case": f"isolation forest of 100 trees on a matrix of {ROWS:,} rows: seconds",
            "ours": statistics.median(ours for ours, _ in pairs),
            "peer": "score_samples, same scores",
            "peer_version": sklearn.__version__,
            "ratio": ratio,
            "target": TARGET,
            "ok": ratio <= TARGET,
            "n": ROWS,
            "runs": RUNS,
        }
    ]


def _time(tell: Callable[[Any], Any], matrix: Any) -> float:
    start = time.perf_counter()
    tell(matrix)
    return time.perf_counter() - start
