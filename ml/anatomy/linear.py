"""Linear models: a weight for each column, an intercept, a link."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.anatomy.cells import Cells
from ml.anatomy.trees import Link
from ml.evaluation.metrics import Array


@dataclass(frozen=True)
class Linear:
    """``weights`` [outputs, columns] by ``columns``, plus ``intercept`` [outputs]."""

    columns: Cells
    weights: Array
    intercept: Array
    link: Link


def of_linear(estimator: Any, columns: Cells) -> Linear:
    """Take a fitted linear model apart; ``columns`` are what it reads."""
    weights = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    intercept = np.zeros(len(weights)) + np.asarray(estimator.intercept_, dtype=np.float64)
    return Linear(columns, weights, intercept, link_of(estimator, len(weights)))


def link_of(estimator: Any, outputs: int) -> Link:
    """Return how the outputs of a linear model become what it tells."""
    if not hasattr(estimator, "classes_"):
        return "identity"
    return "sigmoid" if outputs == 1 else "softmax"
