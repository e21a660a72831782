"""The weight of each row by its class, given to the last step of any estimator in one way."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import has_fit_parameter

from ml.data.features import Inputs
from ml.errors import UsageError
from ml.estimators.steps import last_step, names_to_last_step
from ml.evaluation.metrics import Array
from ml.names import listed
from ml.spec import ModelSpec


def fit_params(
    spec: ModelSpec,
    estimator: Any,
    labels: npt.NDArray[Any],
    classes: Sequence[str],
    stop_on: tuple[Inputs, npt.NDArray[Any]] | None = None,
) -> dict[str, Any]:
    """Return what ``estimator.fit`` is given beside inputs and ``labels`` [rows].

    ``classes`` name the labels' positions; ``stop_on`` are the rows that say when it is enough.
    Raises UsageError for a class that is not there and for an estimator that takes no weights.
    """
    stop = {} if stop_on is None else {"X_val": stop_on[0], "y_val": stop_on[1]}
    declared = spec.estimator.class_weight
    if declared is None:
        return stop
    check_takes_weights(spec, estimator)
    if isinstance(declared, str):
        weights = _balanced(labels)
    else:
        weights = _by_code(spec, declared, classes)
    name = "__".join([*names_to_last_step(estimator), "sample_weight"])
    if stop_on is not None:
        stop["sample_weight_val"] = weights[stop_on[1]]
    return {name: weights[labels], **stop}


def _balanced(labels: npt.NDArray[Any]) -> Array:
    """Return the weight of each code: all classes among ``labels`` weigh the same together."""
    counts = np.bincount(labels)
    weights: Array = np.zeros(len(counts))
    np.divide(len(labels), np.count_nonzero(counts) * counts, out=weights, where=counts > 0)
    return weights


def check_takes_weights(spec: ModelSpec, estimator: Any) -> None:
    """Raise UsageError when ``spec`` weighs classes and ``estimator`` takes no weights."""
    last = last_step(estimator)
    if spec.estimator.class_weight is not None and not has_fit_parameter(last, "sample_weight"):
        raise UsageError(
            f"estimator.class_weight of ML model '{spec.name}': {type(last).__name__} takes no "
            "weight of rows; allowed: with an estimator whose fit takes sample_weight",
            fix=f"leave it out or choose another estimator in {spec.file}, then: dbt parse",
        )


def _by_code(spec: ModelSpec, declared: Mapping[str, float], classes: Sequence[str]) -> Array:
    unknown = [name for name in declared if name not in classes]
    if unknown:
        raise UsageError(
            f"estimator.class_weight of ML model '{spec.name}' names '{unknown[0]}', which is no "
            f"class of '{spec.train.label}'; it has: {listed(unknown[0], classes)}",
            fix=f"fix {spec.file}, then: dbt parse",
        )
    return np.array([declared.get(name, 1.0) for name in classes])
