"""Compiled trees beside scikit-learn: equal to the last bit, whatever the trees and the rows."""

import warnings
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from ml.compiled import Values, compiled
from ml.compiled.ensemble import of_trees
from ml.compiled.kernel import kernel
from ml.compiled.quick import Quick
from ml.compiled.walk import Walk
from ml.data.features import Encoder, Feature
from ml.errors import PipelineError
from ml.model import Model

ODD = (0.0, -0.0, 5e-324, -5e-324, 1e-300, 1e30, -1e30, np.nan)
FORESTS = (RandomForestClassifier, ExtraTreesClassifier, DecisionTreeClassifier)
AVERAGED = (RandomForestRegressor, ExtraTreesRegressor, DecisionTreeRegressor)


def rows_of(seed: int, rows: int = 250) -> Any:
    """Numbers of all magnitudes, some rounded, one never changing; two columns of categories."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 7)) * 10.0 ** random.integers(-6, 7, 7)
    matrix[:, 0] = np.round(random.normal(size=rows))
    matrix[:, 1] = 3.5
    matrix[:, 5] = random.integers(0, 6, rows)
    matrix[:, 6] = random.integers(0, 255, rows)
    matrix[random.random(matrix.shape) < random.choice([0, 0.1, 0.6])] = np.nan
    matrix[:, 2][random.random(rows) < 0.2] = random.choice(ODD)
    return matrix


def asked_of(seed: int, matrix: Any, categories: bool) -> Any:
    """The rows again, odd values, and categories that were not there in fitting."""
    random = np.random.default_rng(seed + 1)
    odd = random.choice(ODD, size=(60, 7))
    if categories:
        odd[:, 5] = random.choice([0, 5, 6, 7, 254, np.nan], 60)
        odd[:, 6] = random.choice([0, 1, 253, 254, 255, np.nan], 60)
    return np.concatenate([matrix, odd])


def labels_of(seed: int, matrix: Any, classes: int) -> Any:
    random = np.random.default_rng(seed + 2)
    known = np.nan_to_num(np.sign(matrix[:, 3])) + np.nan_to_num(matrix[:, 5]) % 2
    rising = known + random.normal(size=len(matrix))
    if not classes:
        return rising
    found = np.digitize(rising, np.quantile(rising, np.linspace(0, 1, classes + 1)[1:-1]))
    return found


def fitted(estimator: Any, matrix: Any, labels: Any, seed: int) -> Any:
    weights = np.random.default_rng(seed + 3).random(len(matrix)) if seed % 2 else None
    # More threads than one wait for each other where rows are so few.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        return estimator.fit(matrix, labels, sample_weight=weights)


def truth(estimator: Any, rows: Any) -> Any:
    asks = getattr(estimator, "predict_proba", estimator.predict)
    with threadpool_limits(limits=1):
        return asks(rows)


def told(estimator: Any, rows: Any) -> Any:
    made = of_trees(estimator)
    return made.tell([Values(np.ascontiguousarray(column)) for column in rows.T])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    classes=st.sampled_from([0, 2, 2, 3, 10]),
    leaves=st.sampled_from([2, 3, 8, 31, 33, 64, 65, None]),
    bins=st.sampled_from([255, 255, 8]),
    depth=st.sampled_from([None, None, 1, 4]),
    categories=st.booleans(),
    rising=st.booleans(),
)
def test_boosted_trees_are_equal(seed, classes, leaves, bins, depth, categories, rising):
    matrix = rows_of(seed)
    if bins < 255:
        matrix[:, 6] %= 8
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    estimator = kind(
        max_iter=3 if classes > 3 else 6,
        max_leaf_nodes=leaves,
        max_depth=depth,
        max_bins=bins,
        min_samples_leaf=1 + seed % 3,
        categorical_features=[5, 6] if categories else None,
        monotonic_cst=[0, 0, 0, 1, -1, 0, 0] if rising and classes < 3 else None,
        early_stopping=False,
        random_state=seed,
    )
    fitted(estimator, matrix, labels_of(seed, matrix, classes), seed)
    rows = asked_of(seed, matrix, categories)
    assert np.array_equal(told(estimator, rows), truth(estimator, rows))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    classes=st.sampled_from([0, 2, 3, 10]),
    which=st.integers(0, 2),
    leaves=st.sampled_from([None, None, 2, 5, 40, 100]),
    depth=st.sampled_from([None, None, 1, 6]),
)
def test_forests_and_single_trees_are_equal(seed, classes, which, leaves, depth):
    matrix = rows_of(seed)
    estimator = (FORESTS if classes else AVERAGED)[which](
        max_leaf_nodes=leaves, max_depth=depth, random_state=seed
    )
    if hasattr(estimator, "n_estimators"):
        estimator.set_params(n_estimators=6)
    fitted(estimator, matrix, labels_of(seed, matrix, classes), seed)
    rows = asked_of(seed, matrix, categories=False)
    assert np.array_equal(told(estimator, rows), truth(estimator, rows))


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "gamma", "poisson", "quantile"]
)
def test_every_loss_is_equal(loss):
    matrix = rows_of(7)
    estimator = HistGradientBoostingRegressor(loss=loss, quantile=0.3, max_iter=10)
    fitted(estimator, matrix, np.exp(labels_of(7, matrix, 0)), 7)
    rows = asked_of(7, matrix, categories=False)
    assert np.array_equal(told(estimator, rows), truth(estimator, rows))


def test_values_that_are_thresholds_and_their_neighbours_go_the_same_way():
    matrix = rows_of(4, rows=2000)
    estimator = fitted(
        HistGradientBoostingClassifier(max_iter=40, min_samples_leaf=1, early_stopping=False),
        matrix,
        labels_of(4, matrix, 2),
        4,
    )
    made = of_trees(estimator)
    met = made.rankers[3].thresholds[: made.rankers[3].count]
    around = np.concatenate([met, np.nextafter(met, -np.inf), np.nextafter(met, np.inf)])
    rows = np.tile(matrix[:1], (len(around), 1))
    rows[:, 3] = around
    assert len(met) > 100
    assert np.array_equal(told(estimator, rows), truth(estimator, rows))


def test_a_forest_with_more_thresholds_than_two_bytes_count_is_equal():
    random = np.random.default_rng(0)
    matrix = random.normal(size=(60_000, 1))
    labels = random.random(60_000)
    estimator = RandomForestRegressor(3, random_state=0).fit(matrix, labels)
    made = of_trees(estimator)
    assert made.laid.rank_type is np.uint32
    rows = random.normal(size=(5000, 1))
    assert np.array_equal(told(estimator, rows), truth(estimator, rows))


def test_the_kernel_is_chosen_by_the_largest_tree():
    matrix = rows_of(1, rows=2000)
    labels = labels_of(1, matrix, 2)
    for leaves, kind in ((64, Quick), (65, Walk)):
        estimator = HistGradientBoostingClassifier(
            max_leaf_nodes=leaves, min_samples_leaf=1, max_iter=3
        ).fit(matrix, labels)
        assert type(of_trees(estimator).laid) is kind


def test_a_tree_that_is_one_leaf_is_equal():
    matrix = rows_of(2)
    estimator = HistGradientBoostingRegressor(min_samples_leaf=1000, max_iter=5)
    estimator.fit(matrix, labels_of(2, matrix, 0))
    assert np.array_equal(told(estimator, matrix), truth(estimator, matrix))


def test_what_a_forest_cannot_read_is_refused_as_scikit_learn_does():
    matrix = rows_of(3)
    estimator = RandomForestClassifier(4, random_state=0).fit(matrix, labels_of(3, matrix, 2))
    features = tuple(Feature(f"f{at}", "DOUBLE", "number") for at in range(7))
    made = compiled(Model(Encoder(features), estimator, "classification", ("no", "yes")))
    rows = matrix.copy()
    rows[5, 3] = 1e300
    assert made.made.tell([Values(column) for column in rows.T]) is None
    with pytest.raises(PipelineError, match="too large for dtype"):
        made.tell([Values(np.ascontiguousarray(column)) for column in rows.T])


def test_a_matrix_is_told_on_every_core_as_scikit_learn_tells_it():
    matrix = rows_of(6, rows=20_000)
    labels = labels_of(6, matrix, 3)
    estimator = HistGradientBoostingClassifier(max_iter=5, categorical_features=[5, 6])
    estimator.fit(matrix, labels)
    features = tuple(Feature(f"f{at}", "DOUBLE", "number") for at in range(7))
    model = Model(Encoder(features), estimator, "classification", ("a", "b", "c"))
    assert np.array_equal(compiled(model).tell_matrix(matrix), estimator.predict_proba(matrix))


def test_where_no_cache_can_be_written_a_kernel_is_compiled_anew(monkeypatch):
    monkeypatch.setattr(numba.core.caching.CompileResultCacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(labels_of)
    doubled = kernel(lambda value: value * 2)
    assert doubled(21) == 42
