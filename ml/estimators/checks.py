"""What can be found wrong with a declared estimator before any row is read."""

from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils import get_tags

# Private, but the only name by which scikit-learn's refusal of a value can be told from others.
from sklearn.utils._param_validation import InvalidParameterError

from ml.data.features import Encoder
from ml.errors import UsageError
from ml.estimators.build import build, reads
from ml.estimators.builders import find_builder
from ml.estimators.fitting import check_kept
from ml.estimators.steps import last_step
from ml.estimators.telling import ranks
from ml.estimators.weights import check_takes_weights
from ml.images.installed import check_installed
from ml.imported.importing import check_file
from ml.spec import ModelSpec

_KINDS = {
    "classification": (is_classifier, "classifier"),
    "regression": (is_regressor, "regressor"),
}


def check_params(spec: ModelSpec) -> None:
    """Raise UsageError for a class, a builder or a parameter that is not there or not allowed."""
    if spec.estimator.builder is not None:
        find_builder(spec)
        return
    if spec.estimator.onnx is not None:
        check_file(spec)
        return
    if reads(spec) == "images":
        check_installed()
    estimator = build(spec, Encoder(()))
    _check_values(spec, estimator)
    check_takes_weights(spec, estimator)
    if spec.estimator.class_ is not None:
        _check_class(spec, estimator)
        check_kept(spec, estimator)


def _check_values(spec: ModelSpec, estimator: Any) -> None:
    parts = [estimator, *estimator.get_params(deep=True).values()]
    try:
        for part in parts:
            if isinstance(part, BaseEstimator) and hasattr(part, "_parameter_constraints"):
                part._validate_params()
    except InvalidParameterError as error:
        raise _refused(spec, f"estimator.params: {error}") from None


def _check_class(spec: ModelSpec, estimator: Any) -> None:
    """Hold what the class is against the task and against what it is declared to do."""
    model = last_step(estimator)
    name, tags = type(model).__name__, get_tags(model)
    is_it, wanted = _KINDS[spec.task]
    if not is_it(model):
        kind, metric = tags.estimator_type or "helper", spec.problem.success[0].metric
        raise _refused(
            spec,
            f"estimator.class {name} is a {kind}, but {metric} judges a {spec.task}; "
            f"allowed: a {wanted}",
        )
    if not tags.target_tags.single_output:
        raise _refused(spec, f"estimator.class {name} learns several labels; allowed: one label")
    # What a stack of estimators tells is not known before the last of them is fitted.
    stacked = "final_estimator" in model.get_params(deep=False)
    if spec.task == "classification" and not stacked and not ranks(model):
        raise _refused(
            spec,
            f"estimator.class {name} with these parameters tells neither probabilities nor a "
            "decision function; allowed: one that has predict_proba or decision_function",
        )
    if reads(spec) == "text" and not tags.input_tags.sparse:
        raise _refused(
            spec,
            f"estimator.class {name} takes no sparse matrix, which the words of documents make; "
            "allowed with reads: text: a class that does, such as sklearn.svm.LinearSVC",
        )
    behind = model is not estimator
    if spec.estimator.monotonic and (behind or "monotonic_cst" not in model.get_params(deep=False)):
        raise _refused(
            spec,
            f"estimator.monotonic stands beside {name}, which takes no monotonic_cst with these "
            "parameters; allowed: beside boosted_trees, random_forest, or a class that does",
        )


def _refused(spec: ModelSpec, problem: str) -> UsageError:
    return UsageError(f"ML model '{spec.name}': {problem}", fix=f"fix {spec.file}, then: dbt parse")
