"""The presets as scikit-learn estimators: built, checked, fitted, asked."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# Private, but the only name by which scikit-learn's refusal of a value can be told from others.
from sklearn.utils._param_validation import InvalidParameterError
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.errors import PipelineError, UsageError
from ml.features import Encoder, Inputs
from ml.measures import Task
from ml.metrics import Array
from ml.presets import PRESETS, WORD_PARAMS
from ml.spec import ModelSpec

MOST_CATEGORIES = 255
_FEW_ROWS = 20_000


def check_params(spec: ModelSpec) -> None:
    """Raise UsageError for a parameter whose value scikit-learn refuses."""
    try:
        for part in _parts(build(spec, Encoder(()))):
            part._validate_params()
    except InvalidParameterError as error:
        raise UsageError(
            f"estimator.params of ML model '{spec.name}': {error}",
            fix=f"fix {spec.file}, then: dbt parse",
        ) from None


def reads_text(spec: ModelSpec) -> bool:
    """Whether the estimator reads documents rather than a matrix."""
    if spec.estimator.preset is None:
        return spec.estimator.reads == "text"
    return PRESETS[spec.estimator.preset].reads_text


def most_categories(spec: ModelSpec) -> int:
    """Return how many categories of one feature the preset can tell apart."""
    declared = spec.estimator.params.get("max_bins", MOST_CATEGORIES)
    return declared if isinstance(declared, int) else MOST_CATEGORIES


def build(spec: ModelSpec, encoder: Encoder) -> Any:
    """Return the estimator of ``spec`` for the features of ``encoder``, not yet fitted."""
    params: dict[str, Any] = dict(spec.estimator.params)
    seed = spec.estimator.seed
    preset = spec.estimator.preset
    if preset == "boosted_trees":
        return _boosted_trees(spec.task, params, seed, _positions(encoder, "category"))
    if preset == "logistic_regression":
        return Pipeline([("encode", _one_hot(encoder)), ("model", _logistic(params, seed))])
    # A list is what YAML has; scikit-learn wants a pair as a tuple.
    words = {
        name: tuple(value) if name == "ngram_range" and isinstance(value, list) else value
        for name, value in params.items()
        if name in WORD_PARAMS
    }
    rest = {name: value for name, value in params.items() if name not in WORD_PARAMS}
    return Pipeline([("words", TfidfVectorizer(**words)), ("model", _logistic(rest, seed))])


def fit(
    spec: ModelSpec,
    encoder: Encoder,
    inputs: Inputs,
    labels: npt.NDArray[Any],
    stop_on: tuple[Inputs, npt.NDArray[Any]] | None = None,
) -> Any:
    """Return the estimator fitted on ``inputs`` [rows, …] and ``labels`` [rows].

    ``stop_on`` are inputs and labels of the rows that say when boosted trees are enough.
    Raises PipelineError with scikit-learn's own words when it cannot be.
    """
    try:
        stop = {} if stop_on is None else {"X_val": stop_on[0], "y_val": stop_on[1]}
        with _threads(len(inputs)):
            return build(spec, encoder).fit(inputs, labels, **stop)
    except (ValueError, re.error) as error:
        raise PipelineError(
            f"ML model '{spec.name}': {spec.estimator.name} could not be fitted: {error}",
            fix=f"look at estimator.params in {spec.file} and at the rows of {spec.train.on}, "
            f"then: goldloop train {spec.name}",
        ) from None


def tell(estimator: Any, inputs: Inputs, task: Task) -> Array:
    """Return probabilities [rows, classes], or for a regression the predictions [rows]."""
    with _threads(len(inputs)):
        if task == "regression":
            return np.asarray(estimator.predict(inputs), dtype=np.float64)
        return np.asarray(estimator.predict_proba(inputs), dtype=np.float64)


def _threads(rows: int) -> AbstractContextManager[object]:
    """Hold few rows to one thread.

    More gain nothing there, and where other processes want the cores OpenMP's threads spend
    seconds waiting for one another.
    """
    return threadpool_limits(limits=1) if rows < _FEW_ROWS else nullcontext()


def _boosted_trees(task: Task, params: dict[str, Any], seed: int, categories: list[int]) -> Any:
    kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    return kind(**params, random_state=seed, categorical_features=categories or None)


def _logistic(params: Mapping[str, Any], seed: int) -> LogisticRegression:
    return LogisticRegression(**{"max_iter": 1000, **params}, random_state=seed)


def _one_hot(encoder: Encoder) -> ColumnTransformer:
    numbers = Pipeline([("fill", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())])
    categories = OneHotEncoder(handle_unknown="ignore")
    plain = _positions(encoder, "number") + _positions(encoder, "boolean")
    return ColumnTransformer(
        [
            ("numbers", numbers, sorted(plain)),
            ("categories", categories, _positions(encoder, "category")),
        ]
    )


def _positions(encoder: Encoder, kind: str) -> list[int]:
    return [at for at, feature in enumerate(encoder.features) if feature.kind == kind]


def _parts(estimator: Any) -> list[Any]:
    if isinstance(estimator, Pipeline):
        return [part for _, step in estimator.steps for part in _parts(step)]
    return [estimator] if isinstance(estimator, BaseEstimator) else []
