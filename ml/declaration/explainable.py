"""Which estimators ``score.explain`` can be asked of, known before scikit-learn is imported.

A test holds these names against what :mod:`ml.anatomy` takes apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml.declaration.presets import reads_images
from ml.names import listed

if TYPE_CHECKING:
    from ml.spec import Declaration

PRESETS = frozenset(
    ("boosted_trees", "linear_regression", "logistic_regression", "random_forest")
    + ("text_classifier",)
)
CLASSES = frozenset(
    ("DecisionTreeClassifier", "DecisionTreeRegressor", "ElasticNet", "ExtraTreeClassifier")
    + ("ExtraTreeRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor")
    + ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor", "Lasso")
    + ("LinearRegression", "LogisticRegression", "RandomForestClassifier")
    + ("RandomForestRegressor", "Ridge")
)


def unexplained(declared: Declaration) -> Iterator[str]:
    """Yield what is wrong where ``score.explain`` asks for what cannot be told.

    What a builder gives is known when it has been called: that is refused when it scores.
    """
    estimator = declared.estimator
    if declared.score.explain is None or estimator.builder is not None:
        return
    allowed = PRESETS if estimator.preset else CLASSES
    if estimator.onnx is not None or reads_images(estimator):
        allowed = frozenset()
    name = (
        estimator.preset or (estimator.class_ or estimator.onnx or "").rsplit(".", maxsplit=1)[-1]
    )
    if name not in allowed:
        yield (
            f"score.explain is declared, but {name} cannot be explained feature by feature; "
            f"allowed: {listed(name, allowed)}"
        )
