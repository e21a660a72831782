"""An estimator fitted on the rows learnt from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.data.features import Encoder, Inputs
from ml.errors import PipelineError, UsageError
from ml.estimators.build import build
from ml.estimators.cores import every_core, threads
from ml.estimators.monotonic import check_ways
from ml.estimators.telling import ranks
from ml.estimators.weights import fit_params
from ml.imported.importing import imported
from ml.spec import ModelSpec
from ml.trees.boosted import BOOSTED
from ml.versions import artifact


def fit(
    spec: ModelSpec,
    encoder: Encoder,
    inputs: Inputs,
    labels: npt.NDArray[Any],
    classes: Sequence[str] = (),
    stop_on: tuple[Inputs, npt.NDArray[Any]] | None = None,
) -> Any:
    """Return the estimator fitted on ``inputs`` [rows, …] and ``labels`` [rows].

    ``classes`` name the positions that ``labels`` are, in order; none for a regression.
    ``stop_on`` are inputs and labels of the rows that say when boosted trees are enough.

    Raises UsageError where the declaration does not fit the features or the classes,
    PipelineError with the estimator's own words when it cannot be fitted.
    """
    if spec.estimator.onnx is not None:
        return imported(spec, encoder.features, classes)
    check_ways(spec, encoder, classes)
    estimator = build(spec, encoder)
    check_kept(spec, estimator)
    given = fit_params(spec, estimator, labels, classes, stop_on)
    if isinstance(estimator, BOOSTED):
        inputs = _with_one_value(inputs)
    try:
        with threads(len(inputs)), every_core(estimator, len(inputs)):
            estimator.fit(inputs, labels, **given)
    except Exception as error:
        raise PipelineError(
            f"ML model '{spec.name}': {spec.estimator.name} could not be fitted: {error}",
            fix=f"look at estimator.params in {spec.file} and at the rows of {spec.train.on}, "
            f"then: goldloop train {spec.name}",
        ) from error
    if spec.task == "classification" and not ranks(estimator):
        raise PipelineError(
            f"ML model '{spec.name}': {spec.estimator.name} tells neither probabilities nor a "
            "decision function; allowed: one that has predict_proba or decision_function",
            fix=f"choose another in {spec.file}, then: goldloop train {spec.name}",
        )
    return estimator


def _with_one_value(inputs: Inputs) -> Inputs:
    """Return ``inputs`` with a zero in each column that is missing in every row.

    scikit-learn 1.9 cannot bin a column without values; one value cannot be split either, so
    nothing is learnt of it, and what it holds later changes nothing.
    """
    empty = [at for at in np.flatnonzero(np.isnan(inputs[0])) if np.isnan(inputs[:, at]).all()]
    if empty:
        inputs = inputs.copy(order="K")
        inputs[:, empty] = 0.0
    return inputs


def check_kept(spec: ModelSpec, estimator: Any) -> None:
    """Raise UsageError for an ``estimator`` of which it can be seen that it could not be kept."""
    if spec.estimator.preset is not None:
        return
    foreign = artifact.unkept(estimator, spec.trusted)
    if foreign:
        raise UsageError(
            f"{spec.estimator.name} of ML model '{spec.name}' cannot be kept: it is made of "
            f"{', '.join(foreign)}; allowed: estimators of scikit-learn and what goldloop.yml "
            "trusts",
            fix=f"{artifact.remedy(foreign, spec.trusted)}, or fix {spec.file}",
        )
