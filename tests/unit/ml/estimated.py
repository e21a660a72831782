"""Fitted models over a small matrix with missing values and categories, for explain and export."""

from functools import cache

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from ml.data.features import Encoder, Feature
from ml.model import Model

COLOURS, SHAPES = ("blue", "green", "red", "white"), ("disc", "ring")
FEATURES = (
    Feature("a", "DOUBLE", "number"),
    Feature("colour", "VARCHAR", "category", COLOURS),
    Feature("b", "DOUBLE", "number"),
    Feature("shape", "VARCHAR", "category", SHAPES),
    Feature("d", "BOOLEAN", "boolean"),
)


def matrix(rows=400, seed=0):
    """Codes of two categories (the last colour only beyond row 300), numbers, NaN all over."""
    random = np.random.default_rng(seed)
    found = random.normal(0, 2, (rows, 5))
    found[:, 1] = random.integers(0, 3, rows)
    found[300:, 1] = random.integers(0, 4, len(found[300:]))
    found[:, 3] = random.integers(0, 2, rows)
    found[:, 4] = random.integers(0, 2, rows)
    found[random.random((rows, 5)) < 0.12] = np.nan
    return found


def labels(found, classes):
    filled = np.nan_to_num(found)
    score = filled[:, 0] + (filled[:, 1] % 2) * 2 + np.isnan(found[:, 2]) * 1.5 + filled[:, 4]
    if classes == 0:
        return score
    return np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1]))


def one_hot():
    numbers = Pipeline([("fill", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())])
    return ColumnTransformer(
        [
            ("numbers", numbers, [0, 2, 4]),
            ("categories", OneHotEncoder(handle_unknown="ignore"), [1, 3]),
        ]
    )


def _pipeline(last):
    return Pipeline([("encode", one_hot()), ("model", last)])


_BOOSTED = {"max_iter": 8, "min_samples_leaf": 5, "categorical_features": [1, 3]}
# By name: how many classes (0 for a number), and what is fitted.
ESTIMATORS = {
    "boosted two": (2, HistGradientBoostingClassifier(**_BOOSTED)),
    "boosted three": (3, HistGradientBoostingClassifier(**_BOOSTED)),
    "boosted number": (0, HistGradientBoostingRegressor(**_BOOSTED)),
    "boosted poisson": (0, HistGradientBoostingRegressor(**_BOOSTED, loss="poisson")),
    "boosted plain": (2, HistGradientBoostingClassifier(max_iter=5)),
    "forest two": (2, RandomForestClassifier(5, random_state=0)),
    "forest three": (3, RandomForestClassifier(5, max_depth=4, random_state=0)),
    "forest number": (0, RandomForestRegressor(5, max_depth=6, random_state=0)),
    "extra number": (0, ExtraTreesRegressor(5, max_depth=6, random_state=0)),
    "forest after one-hot": (2, _pipeline(RandomForestClassifier(5, max_depth=5, random_state=0))),
    "tree": (2, DecisionTreeClassifier(max_depth=5, random_state=0)),
    "logistic two": (2, _pipeline(LogisticRegression(max_iter=1000))),
    "logistic three": (3, _pipeline(LogisticRegression(max_iter=1000))),
    "ridge": (0, _pipeline(Ridge())),
}


@cache
def fitted(name):
    """The model of that name, fitted on the first 300 rows of :func:`matrix`."""
    classes, estimator = ESTIMATORS[name]
    learnt = matrix()[:300]
    target = labels(learnt, classes)
    target = np.abs(target) if "poisson" in name else target
    task = "classification" if classes else "regression"
    names = ("no", "perhaps", "yes")[:classes] if classes != 2 else ("no", "yes")
    return Model(Encoder(FEATURES), estimator.fit(learnt, target), task, names)
