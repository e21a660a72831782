"""The presets a declaration may name and the parameters each takes.

Kept apart from the estimators so that a declaration is checked without importing scikit-learn; a
test holds these names against scikit-learn's own signatures.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ml.declaration.images import DESCRIBING
from ml.declaration.measures import Task

if TYPE_CHECKING:
    from ml.declaration.estimator import Estimator

# What an estimator is given: a matrix of codes, documents, descriptors of photos, or the values
# as they are.
Reads = Literal["numbers", "text", "images", "values"]

_LOGISTIC = frozenset(
    ("C", "dual", "fit_intercept", "intercept_scaling") + ("l1_ratio", "max_iter", "solver", "tol")
)
_LINEAR = frozenset(("alpha", "fit_intercept", "l1_ratio", "max_iter", "tol"))
_FOREST = frozenset(
    ("bootstrap", "ccp_alpha", "criterion", "max_depth", "max_features", "max_leaf_nodes")
    + ("max_samples", "min_impurity_decrease", "min_samples_leaf", "min_samples_split")
    + ("n_estimators",)
)
_MLP = frozenset(
    ("activation", "alpha", "batch_size", "early_stopping", "hidden_layer_sizes")
    + ("learning_rate", "learning_rate_init", "max_iter", "n_iter_no_change", "solver", "tol")
    + ("validation_fraction",)
)
_TREES = frozenset(
    ("early_stopping", "interaction_cst", "l2_regularization", "learning_rate")
    + ("max_bins", "max_depth", "max_features", "max_iter", "max_leaf_nodes")
    + ("min_samples_leaf", "n_iter_no_change", "tol", "validation_fraction")
)
_FACTORS = frozenset(
    ("alpha", "bias_regularization", "factors", "feedback", "iterations", "regularization")
)
_FORECAST = "statsforecast"
_SEASON = frozenset(("season_length",))
_ARIMA = _SEASON | frozenset(
    ("approximation", "d", "D", "ic", "max_p", "max_q", "max_P", "max_Q", "seasonal")
    + ("stationary", "stepwise")
)
_CLUSTERS = frozenset(("algorithm", "init", "max_iter", "n_clusters", "n_init", "tol"))
_COMPONENTS = frozenset(
    ("iterated_power", "n_components", "n_oversamples", "power_iteration_normalizer")
    + ("svd_solver", "tol", "whiten")
)
_ISOLATION = frozenset(
    ("bootstrap", "contamination", "max_features", "max_samples", "n_estimators")
)
WORD_PARAMS = frozenset(
    ("analyzer", "binary", "lowercase", "max_df", "max_features", "min_df", "ngram_range")
    + ("norm", "smooth_idf", "stop_words", "strip_accents", "sublinear_tf", "token_pattern")
    + ("use_idf",)
)


@dataclass(frozen=True)
class Preset:
    """What can be known of a preset from its name alone."""

    name: str
    tasks: tuple[Task, ...]
    params: frozenset[str]
    reads: Reads = "numbers"
    monotonic: bool = False
    # The library of an extra that it needs.
    library: str | None = None


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("auto_arima", ("forecast",), _ARIMA, library=_FORECAST),
        Preset("auto_ets", ("forecast",), _SEASON | {"damped", "model"}, library=_FORECAST),
        Preset(
            "auto_theta",
            ("forecast",),
            _SEASON | {"decomposition_type", "model"},
            library=_FORECAST,
        ),
        Preset("boosted_trees", ("classification", "regression"), _TREES, monotonic=True),
        Preset(
            "image_classifier",
            ("classification",),
            _LOGISTIC | frozenset(DESCRIBING),
            reads="images",
        ),
        Preset("isolation_forest", ("anomaly_detection",), _ISOLATION),
        Preset("k_means", ("clustering",), _CLUSTERS),
        Preset("linear_regression", ("regression",), _LINEAR),
        Preset("logistic_regression", ("classification",), _LOGISTIC),
        Preset("matrix_factorization", ("recommendation",), _FACTORS),
        Preset("mlp", ("classification", "regression"), _MLP),
        Preset("mstl", ("forecast",), _SEASON, library=_FORECAST),
        Preset("pca", ("decomposition",), _COMPONENTS),
        Preset("random_forest", ("classification", "regression"), _FOREST, monotonic=True),
        Preset("seasonal_naive", ("forecast",), _SEASON),
        Preset("text_classifier", ("classification",), _LOGISTIC | WORD_PARAMS, reads="text"),
    )
}


def reads_images(estimator: "Estimator") -> bool:
    """Whether what ``estimator`` declares is given descriptors of photos."""
    if estimator.preset is None:
        return estimator.reads == "images"
    return PRESETS[estimator.preset].reads == "images"
