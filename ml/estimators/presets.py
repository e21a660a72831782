"""The presets, built of scikit-learn's own classes."""

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ml.data.features import Encoder
from ml.estimators.encode import encode_step, positions
from ml.estimators.monotonic import ways
from ml.estimators.params import as_taken, describing_apart, words_apart
from ml.spec import ModelSpec

Params = Mapping[str, Any]


def build_preset(spec: ModelSpec, encoder: Encoder) -> Any:
    """Return the preset of ``spec`` for the features of ``encoder``, not yet fitted."""
    return _BUILT[str(spec.estimator.preset)](spec, encoder)


def _boosted_trees(spec: ModelSpec, encoder: Encoder) -> Any:
    kinds = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
    return kinds[spec.task == "regression"](
        **spec.estimator.params,
        random_state=spec.estimator.seed,
        categorical_features=positions(encoder, "category") or None,
        monotonic_cst=ways(spec, encoder),
    )


def _random_forest(spec: ModelSpec, encoder: Encoder) -> Any:
    # Categories stay codes: a column for each value would let max_features draw values, not
    # features, and lose the way a forest sends missing values.
    kinds = (RandomForestClassifier, RandomForestRegressor)
    return kinds[spec.task == "regression"](
        **spec.estimator.params,
        random_state=spec.estimator.seed,
        monotonic_cst=ways(spec, encoder),
    )


def _isolation_forest(spec: ModelSpec, encoder: Encoder) -> Any:
    return IsolationForest(**spec.estimator.params, random_state=spec.estimator.seed)


def _k_means(spec: ModelSpec, encoder: Encoder) -> Any:
    # Several beginnings: from one alone the clusters are often those of an accident.
    model = KMeans(**{"n_init": 10, **spec.estimator.params}, random_state=spec.estimator.seed)
    return Pipeline([("encode", encode_step(encoder, sparse=False)), ("model", model)])


def _pca(spec: ModelSpec, encoder: Encoder) -> Any:
    model = PCA(**spec.estimator.params, random_state=spec.estimator.seed)
    return Pipeline([("encode", encode_step(encoder, sparse=False)), ("model", model)])


def _logistic_regression(spec: ModelSpec, encoder: Encoder) -> Any:
    model = _logistic(spec.estimator.params, spec.estimator.seed)
    return Pipeline([("encode", encode_step(encoder)), ("model", model)])


def _linear_regression(spec: ModelSpec, encoder: Encoder) -> Any:
    model = _linear(spec.estimator.params, spec.estimator.seed)
    return Pipeline([("encode", encode_step(encoder)), ("model", model)])


def _mlp(spec: ModelSpec, encoder: Encoder) -> Any:
    kinds = (MLPClassifier, MLPRegressor)
    kind = kinds[spec.task == "regression"]
    model = kind(**as_taken(kind, spec.estimator.params), random_state=spec.estimator.seed)
    if spec.task == "regression":
        # A number of any size is learnt as fast as one around zero.
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    return Pipeline([("encode", encode_step(encoder)), ("model", model)])


def _text_classifier(spec: ModelSpec, encoder: Encoder) -> Any:
    words, rest = words_apart(spec.estimator.params)
    return Pipeline([("words", words), ("model", _logistic(rest, spec.estimator.seed))])


def _image_classifier(spec: ModelSpec, encoder: Encoder) -> Any:
    rest = describing_apart(spec.estimator.params)
    model = _logistic(rest, spec.estimator.seed)
    return Pipeline([("scale", StandardScaler()), ("model", model)])


def _logistic(params: Params, seed: int) -> LogisticRegression:
    # Of scikit-learn's solvers saga alone knows every l1_ratio.
    elastic = {"solver": "saga"} if params.get("l1_ratio") else {}
    return LogisticRegression(**{"max_iter": 1000, **elastic, **params}, random_state=seed)


def _linear(params: Params, seed: int) -> Any:
    """Return Ridge; with an ``l1_ratio`` above 0 ElasticNet, with ``alpha`` 0 least squares."""
    if params.get("alpha") == 0:
        return LinearRegression(**_only(params, "fit_intercept", "tol"))
    if params.get("l1_ratio"):
        return ElasticNet(**params, random_state=seed)
    return Ridge(**_only(params, "alpha", "fit_intercept", "max_iter", "tol"), random_state=seed)


def _only(params: Params, *names: str) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name in names}


_BUILT: Mapping[str, Callable[[ModelSpec, Encoder], Any]] = {
    "boosted_trees": _boosted_trees,
    "image_classifier": _image_classifier,
    "isolation_forest": _isolation_forest,
    "k_means": _k_means,
    "linear_regression": _linear_regression,
    "logistic_regression": _logistic_regression,
    "mlp": _mlp,
    "pca": _pca,
    "random_forest": _random_forest,
    "text_classifier": _text_classifier,
}
