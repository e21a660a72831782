"""``estimator.class``: a class of scikit-learn, or one that is let in, with its parameters."""

import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import Tags, get_tags

from ml.data.features import Encoder
from ml.declaration.refusals import shown
from ml.declaration.trust import is_nested
from ml.errors import UsageError
from ml.estimators.encode import encode_step, positions
from ml.estimators.monotonic import ways
from ml.estimators.params import as_taken, describing_apart, words_apart
from ml.names import listed
from ml.spec import ModelSpec
from ml.versions.code import imported

# What the declaration has a place of its own for, or what could not be kept.
_ELSEWHERE = {
    "random_state": "the seed is estimator.seed",
    "class_weight": "the weights of classes are estimator.class_weight",
    "monotonic_cst": "it is estimator.monotonic, by the features' names",
    "categorical_features": "the types of the columns say it",
    "memory": "what it keeps are pickles, which are never read",
    "n_jobs": "how many cores are used is not declared",
}
_HIST = "sklearn.ensemble._hist_gradient_boosting"


def build_class(spec: ModelSpec, encoder: Encoder) -> Any:
    """Return ``estimator.class`` of ``spec`` for the features of ``encoder``, not yet fitted.

    It is given the matrix as it is where it takes missing values or is a pipeline, else it stands
    behind an encoding step; where it reads text, behind TF-IDF; where photos, behind a scaling.

    Raises UsageError for a class or a parameter that is not there.
    """
    declared = spec.estimator
    if declared.reads == "text":
        words, rest = words_apart(declared.params)
        return Pipeline([("words", words), ("model", _top(spec, encoder, rest))])
    if declared.reads == "images":
        return _of_descriptors(_top(spec, encoder, describing_apart(declared.params)), spec)
    model = _top(spec, encoder, declared.params)
    takes = _tags(spec, model).input_tags
    # A pipeline has steps of its own for that.
    if takes.allow_nan or isinstance(model, Pipeline):
        return model
    step = encode_step(encoder, sparse=takes.sparse, positive=takes.positive_only)
    return Pipeline([("encode", step), ("model", model)])


def _of_descriptors(model: Any, spec: ModelSpec) -> Any:
    """Return ``model`` behind a scaling of descriptors; a pipeline has steps of its own."""
    if isinstance(model, Pipeline):
        return model
    positive = _tags(spec, model).input_tags.positive_only
    scale = MinMaxScaler(clip=True) if positive else StandardScaler()
    return Pipeline([("scale", scale), ("model", model)])


def _top(spec: ModelSpec, encoder: Encoder, params: Mapping[str, Any]) -> Any:
    model = _instance(spec, str(spec.estimator.class_), params, "estimator")
    able = model.get_params(deep=False)
    categories = positions(encoder, "category")
    if "categorical_features" in able and categories:
        model.set_params(categorical_features=categories)
    if ways(spec, encoder):
        model.set_params(monotonic_cst=ways(spec, encoder))
    return model


def _tags(spec: ModelSpec, model: Any) -> Tags:
    try:
        return get_tags(model)
    except AttributeError as error:
        raise _refused(
            spec,
            f"estimator.class {type(model).__name__} lacks an estimator to work on ({error}); "
            "allowed: one in estimator.params as {class: …, params: …}",
        ) from None


def _instance(spec: ModelSpec, name: str, params: Mapping[str, Any], key: str) -> Any:
    kind = _kind(spec, name, f"{key}.class")
    _check_names(spec, kind, params, f"{key}.params")
    values = {
        param: _value(spec, value, f"{key}.params.{param}") for param, value in params.items()
    }
    try:
        made = kind(**as_taken(kind, values))
    except (TypeError, ValueError) as error:
        raise _refused(spec, f"{key}.params: {kind.__name__} cannot be made: {error}") from None
    if "random_state" in made.get_params(deep=False):
        made.set_params(random_state=spec.estimator.seed)
    return made


def _kind(spec: ModelSpec, name: str, key: str) -> type:
    """Return the class ``name``; it is scikit-learn's, the project's or trusted by this name."""
    kind = imported(name, spec.trusted, key=key, file=spec.file)
    if not isinstance(kind, type) or not issubclass(kind, BaseEstimator):
        raise _refused(
            spec,
            f"{key} names '{name}', which is no estimator; allowed: a class that derives "
            "from sklearn.base.BaseEstimator",
        )
    home = f"{kind.__module__}.{kind.__qualname__}"
    if name not in spec.trust and not spec.trusted.has(home):
        raise _refused(
            spec,
            f"{key} names '{name}', which is {home}; allowed: one of scikit-learn's or the "
            f"project's own, or add to goldloop.yml: ml: {{trust: [{name}]}}",
        )
    return kind


def _check_names(spec: ModelSpec, kind: type, params: Mapping[str, Any], key: str) -> None:
    taken = inspect.signature(kind).parameters
    names = [each for each in taken if each not in _ELSEWHERE]
    open_ended = any(each.kind is each.VAR_KEYWORD for each in taken.values())
    for param, value in params.items():
        if param in _ELSEWHERE:
            raise _refused(spec, f"{key}.{param} is {shown(value)}; {_ELSEWHERE[param]}")
        if param not in taken and not open_ended:
            raise _refused(
                spec,
                f"unknown parameter {key}.{param} (value {shown(value)}); "
                f"{kind.__name__} takes: {listed(param, names)}",
            )
        if param == "decision_function_shape" and value != "ovr":
            raise _refused(spec, f"{key}.{param} is {shown(value)}; allowed: ovr, a value a class")
        # What the class makes of it holds itself, and skops would follow it without end.
        if param == "scoring" and kind.__module__.startswith(_HIST) and value != "loss":
            raise _refused(spec, f"{key}.{param} is {shown(value)}; allowed: loss")


def _value(spec: ModelSpec, value: Any, key: str) -> Any:
    """Return a parameter's ``value``, an estimator in the place of each ``{class, params}``."""
    if is_nested(value):
        return _instance(spec, str(value["class"]), value.get("params") or {}, key)
    if isinstance(value, list):
        return [_value(spec, each, f"{key}[{at}]") for at, each in enumerate(value)]
    return value


def _refused(spec: ModelSpec, problem: str) -> UsageError:
    return UsageError(f"ML model '{spec.name}': {problem}", fix=f"fix {spec.file}, then: dbt parse")
