"""The presets a declaration may name and the parameters each takes.

Kept apart from the estimators so that a declaration is checked without importing scikit-learn; a
test holds these names against scikit-learn's own signatures.
"""

from dataclasses import dataclass

from ml.measures import Task

_LOGISTIC = frozenset(
    ("C", "class_weight", "dual", "fit_intercept", "intercept_scaling")
    + ("l1_ratio", "max_iter", "solver", "tol")
)
_TREES = frozenset(
    ("class_weight", "early_stopping", "interaction_cst", "l2_regularization", "learning_rate")
    + ("max_bins", "max_depth", "max_features", "max_iter", "max_leaf_nodes")
    + ("min_samples_leaf", "n_iter_no_change", "tol", "validation_fraction")
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
    reads_text: bool = False

    def params_for(self, task: Task) -> frozenset[str]:
        """Return the parameters the preset takes when it learns ``task``."""
        return self.params - {"class_weight"} if task == "regression" else self.params


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("boosted_trees", ("classification", "regression"), _TREES),
        Preset("logistic_regression", ("classification",), _LOGISTIC),
        Preset("text_classifier", ("classification",), _LOGISTIC | WORD_PARAMS, reads_text=True),
    )
}
