"""Linear models folded into one sum beside scikit-learn's pipeline."""

import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.compiled import Values
from ml.compiled.linear import of_linear

NUMBERS, CATEGORIES = [0, 1, 2, 4], [3, 5]


def rows_of(seed: int, rows: int = 400) -> Any:
    """Numbers far from zero and near it, one never changing, one never there; two categories."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 6)) * 10.0 ** random.integers(-3, 4, 6)
    matrix[:, 0] += 1e9 * (seed % 2)
    matrix[:, 3] = random.integers(0, 4, rows)
    matrix[:, 5] = random.integers(0, 250, rows)
    matrix[random.random(matrix.shape) < 0.15] = np.nan
    matrix[:, 1] = (1.0, np.nan, matrix[0, 1])[seed % 3]
    return matrix


def fitted(model: Any, seed: int, classes: int) -> tuple[Any, Any]:
    matrix = rows_of(seed)
    numbers = Pipeline([("fill", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())])
    encode = ColumnTransformer(
        [
            ("numbers", numbers, NUMBERS),
            ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
        ]
    )
    rising = np.nan_to_num(matrix[:, 3]) + np.random.default_rng(seed).normal(size=len(matrix))
    labels = np.digitize(rising, np.linspace(0, 3, classes + 1)[1:-1]) if classes else rising
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = Pipeline([("encode", encode), ("model", model)]).fit(matrix[:300], labels[:300])
    unseen = np.array([[1.0, 1.0, 1.0, 9.0, 1.0, 254.0], [np.nan] * 6])
    return estimator, np.concatenate([matrix, unseen])


def magnitude(estimator: Any, rows: Any) -> Any:
    """The sum of the magnitudes of the terms of each row's largest output."""
    made = abs(estimator[0].transform(rows))
    weights = np.abs(np.atleast_2d(estimator[1].coef_))
    return np.asarray(made @ weights.T).max(axis=1) + np.abs(estimator[1].intercept_).max()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    kind=st.sampled_from([Ridge, LinearRegression, ElasticNet, Lasso]),
)
def test_a_regression_differs_by_rounding_alone(seed, kind):
    estimator, rows = fitted(kind(), seed, classes=0)
    told = of_linear(estimator).tell([Values(np.ascontiguousarray(each)) for each in rows.T])
    differs = np.abs(told - estimator.predict(rows))
    assert (differs <= 1e-12 * magnitude(estimator, rows)).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), start=st.integers(0, 20), rows=st.integers(1, 40))
def test_nulls_of_arrow_add_what_missing_numbers_add(seed, start, rows):
    """Where the bitmap begins within a byte, and where its last byte is cut, as elsewhere."""
    estimator, matrix = fitted(LogisticRegression(max_iter=30), seed, classes=3)
    nulls = [pa.array(each, from_pandas=True).slice(start, rows) for each in matrix.T]
    plain = [Values(np.ascontiguousarray(each[start : start + rows])) for each in matrix.T]
    made = of_linear(estimator)
    told = made.tell([Values.of_arrow(each) for each in nulls])
    np.testing.assert_array_equal(told, made.tell(plain))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), classes=st.sampled_from([2, 3, 5]))
def test_a_classifier_differs_by_rounding_alone(seed, classes):
    estimator, rows = fitted(LogisticRegression(max_iter=30), seed, classes)
    told = of_linear(estimator).tell([Values(np.ascontiguousarray(each)) for each in rows.T])
    wanted = estimator.predict_proba(rows)
    assert told.shape == wanted.shape
    assert (np.abs(told - wanted).max(axis=1) <= 1e-12 * (1 + magnitude(estimator, rows))).all()


@pytest.mark.parametrize(
    "estimator",
    [
        Pipeline([("scale", StandardScaler()), ("model", LinearRegression())]),
        Pipeline([("model", LinearRegression())]),
        SGDClassifier(),
        HistGradientBoostingRegressor(),
        Pipeline(
            [
                ("encode", ColumnTransformer([("one", OneHotEncoder(drop="first"), [0])])),
                ("model", LinearRegression()),
            ]
        ),
    ],
    ids=["other scaler", "no encoder", "other model", "trees", "other encoder"],
)
def test_what_is_not_known_is_left_to_scikit_learn(estimator):
    estimator.fit(np.arange(40.0)[:, None], np.arange(40.0) // 20)
    assert of_linear(estimator) is None


def test_a_number_too_large_to_tell_of_is_left_to_scikit_learn():
    estimator, rows = fitted(Ridge(), 2, classes=0)
    rows[0, 2] = np.inf
    columns = [Values(np.ascontiguousarray(each)) for each in rows.T]
    assert of_linear(estimator).tell(columns) is None
