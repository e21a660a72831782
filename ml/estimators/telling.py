"""What a fitted estimator tells of rows."""

from typing import Any

import numpy as np

from ml.data.features import Inputs
from ml.declaration.measures import Task
from ml.errors import PipelineError
from ml.estimators.cores import threads
from ml.estimators.steps import last_step
from ml.evaluation.metrics import Array


def tell(estimator: Any, inputs: Inputs, task: Task) -> Array:
    """Return probabilities [rows, classes], or for a regression the predictions [rows].

    For a clustering the distances to the centres [rows, clusters]; for a decomposition the
    components and the distance to what they say of the row [rows, components + 1]; for an anomaly
    detection how anomalous each row is [rows], which is score_samples with the other sign.
    Where the estimator has a decision function alone, that is mapped: see :func:`between`.

    Raises PipelineError with the estimator's own words when it cannot tell.
    """
    try:
        with threads(len(inputs)):
            return _asked(estimator, inputs, task)
    except PipelineError:
        raise
    except Exception as error:
        raise PipelineError(
            f"{type(last_step(estimator)).__name__} could not tell: {error}",
            fix="look at estimator.params of the model, or choose another estimator, then train",
        ) from error


def _asked(estimator: Any, inputs: Inputs, task: Task) -> Array:
    if task == "clustering":
        return np.asarray(estimator.transform(inputs), dtype=np.float64)
    if task == "decomposition":
        return _components(estimator, inputs)
    if task == "anomaly_detection":
        return np.asarray(-estimator.score_samples(inputs), dtype=np.float64)
    if task == "regression":
        return np.asarray(estimator.predict(inputs), dtype=np.float64).reshape(len(inputs))
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(inputs), dtype=np.float64)
    return between(np.asarray(estimator.decision_function(inputs), dtype=np.float64))


def _components(estimator: Any, inputs: Inputs) -> Array:
    rows = np.asarray(estimator[:-1].transform(inputs), dtype=np.float64)
    parts = np.asarray(estimator[-1].transform(rows), dtype=np.float64)
    away = np.linalg.norm(rows - estimator[-1].inverse_transform(parts), axis=1)
    return np.column_stack([parts, away])


def ranks(estimator: Any) -> bool:
    """Whether ``estimator`` tells more of a row than its likeliest class."""
    return hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")


def between(decided: Array) -> Array:
    """Return the values ``decided`` [rows] or [rows, classes] as numbers that sum to one a row.

    Each value d becomes half of 1 + d / (1 + abs(d)): it rises with d, is a half where d is 0 and,
    unlike a logistic curve, keeps large values apart, so that ranks and the likeliest class are
    those of the decision function. Only calibration makes probabilities of them.
    """
    rising = (1 + decided / (1 + np.abs(decided))) / 2
    if rising.ndim == 1:
        return np.stack([1 - rising, rising], axis=1)
    return np.asarray(rising / rising.sum(axis=1, keepdims=True), dtype=np.float64)
