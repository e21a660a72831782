import warnings

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier
from threadpoolctl import threadpool_limits

from ml.kernels.quicken import quicken
from tests.unit.kernels.models import (
    MANY,
    answers,
    assert_tells_the_same,
    boosted,
    hard_rows,
    numbers,
)


@pytest.fixture(autouse=True)
def _no_falling_back_and_one_thread():
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("error", RuntimeWarning)
        yield


def _borders(model):
    """The thresholds of every tree: the values where a comparison can go wrong."""
    met = [tree.nodes["num_threshold"] for stage in model._predictors for tree in stage]
    return np.unique(np.concatenate(met))[:40]


@pytest.mark.parametrize("seed", range(24))
def test_boosted_trees_of_every_shape_tell_the_same(seed):
    rng = np.random.default_rng(seed)
    classes = int(rng.choice([0, 2, 3]))
    matrix = numbers(seed, missing=float(rng.choice([0, 0.15, 0.6])))
    if seed % 6 == 0:
        matrix[:, 0] = 3.25
    model = boosted(
        classes,
        max_iter=int(rng.choice([1, 3, 12, 40])),
        max_leaf_nodes=rng.choice([2, 8, 31, 33, 64, 65, None]),
        max_depth=rng.choice([None, 2, 5]),
        min_samples_leaf=int(rng.choice([1, 5, 20])),
        max_bins=int(rng.choice([16, 32, 255])),
        max_features=float(rng.choice([0.5, 1.0])),
        categorical_features=[4] if rng.random() < 0.6 else None,
        monotonic_cst=[1, 0, -1, 0, 0] if classes != 3 and rng.random() < 0.5 else None,
    ).fit(matrix, answers(matrix, classes, seed))
    asked = hard_rows(matrix, _borders(model))
    if model.is_categorical_ is not None:
        # scikit-learn refuses an infinite category; a negative or a broken one it has never seen.
        asked[np.isinf(asked[:, 4]), 4] = -7.0
    assert_tells_the_same(model, asked)


@pytest.mark.parametrize("loss", ["poisson", "gamma", "absolute_error"])
def test_the_link_of_every_loss_is_scikit_learns_own(loss):
    matrix = numbers(5)
    model = boosted(0, loss=loss, max_iter=10).fit(matrix, np.abs(answers(matrix, 0)) + 0.1)
    assert_tells_the_same(model, matrix)


def test_a_model_that_learnt_nothing_tells_its_baseline():
    matrix = numbers(1)
    model = boosted(2, max_iter=6, min_samples_leaf=300).fit(matrix, answers(matrix, 2))
    assert {len(tree.nodes) for stage in model._predictors for tree in stage} == {1}
    assert_tells_the_same(model, matrix)


def test_more_thresholds_than_a_byte_counts_tell_the_same():
    matrix = np.random.default_rng(0).normal(size=(3000, 2))
    model = RandomForestRegressor(40, max_leaf_nodes=30, random_state=0)
    assert_tells_the_same(model.fit(matrix, answers(matrix, 0)), matrix)
    wide = RandomForestRegressor(40, max_leaf_nodes=60, random_state=0)
    assert_tells_the_same(wide.fit(matrix, answers(matrix, 0)), matrix)


@pytest.mark.parametrize("size", [{"max_depth": 4}, {}], ids=["small", "large"])
@pytest.mark.parametrize(
    ("kind", "classes"),
    [
        (RandomForestClassifier, 2),
        (RandomForestClassifier, 3),
        (RandomForestRegressor, 0),
        (ExtraTreesClassifier, 3),
        (ExtraTreesRegressor, 0),
    ],
)
def test_forests_tell_the_same(kind, classes, size):
    matrix = numbers(7)
    model = kind(11, random_state=0, **size).fit(matrix, answers(matrix, classes))
    asked = hard_rows(matrix, np.unique(model.estimators_[0].tree_.threshold)[:30])
    asked[~(np.abs(asked) < 1e30)] = np.nan
    assert_tells_the_same(model, asked)


@pytest.mark.parametrize("classes", [0, 2, 3])
@pytest.mark.parametrize("depth", [3, None])
def test_gradient_boosting_and_single_trees_tell_the_same(classes, depth):
    matrix = numbers(11)
    label = answers(matrix, classes)
    whole = np.nan_to_num(matrix)
    kind = GradientBoostingClassifier if classes else GradientBoostingRegressor
    model = kind(n_estimators=5, max_depth=depth, subsample=0.7, random_state=0)
    assert_tells_the_same(model.fit(whole, label), whole)
    tree = DecisionTreeClassifier if classes else DecisionTreeRegressor
    assert_tells_the_same(tree(max_depth=depth, random_state=0).fit(matrix, label), matrix)
    if classes:
        assert_tells_the_same(
            ExtraTreeClassifier(max_depth=depth, random_state=0).fit(matrix, label), matrix
        )


@pytest.mark.parametrize("layout", ["C", "F", "strided", "read-only", "float32", "whole numbers"])
def test_every_kind_of_array_is_read_alike(layout):
    matrix = numbers(3, missing=0)
    model = boosted(2, max_iter=10).fit(matrix, answers(matrix, 2))
    asked = {
        "C": matrix,
        "F": np.asfortranarray(matrix),
        "strided": np.repeat(matrix, 2, axis=0)[::2],
        "read-only": matrix.copy(),
        "float32": matrix.astype(np.float32),
        "whole numbers": matrix.astype(np.int64),
    }[layout]
    asked.flags.writeable = layout != "read-only"
    assert_tells_the_same(model, asked)


def test_rows_in_several_threads_tell_the_same(monkeypatch):
    monkeypatch.setattr("ml.kernels.sums._openmp_effective_n_threads", lambda: 3)
    matrix = numbers(2)
    model = boosted(3, max_iter=20).fit(matrix, answers(matrix, 3))
    assert_tells_the_same(model, np.resize(matrix, (40_001, 5)))


def _encoded(model):
    filled = Pipeline([("fill", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())])
    encode = ColumnTransformer(
        [("numbers", filled, [0, 1, 2, 3]), ("c", OneHotEncoder(handle_unknown="ignore"), [4])]
    )
    return Pipeline([("encode", encode), ("model", model)])


@pytest.mark.parametrize(
    ("model", "classes"),
    [
        (LogisticRegression(max_iter=500), 2),
        (LogisticRegression(max_iter=500), 4),
        (SGDClassifier(loss="log_loss", random_state=0), 3),
        (LinearRegression(), 0),
        (Ridge(), 0),
        (ElasticNet(alpha=0.01), 0),
    ],
    ids=str,
)
def test_linear_models_folded_into_their_encoder_tell_the_same(model, classes):
    matrix = numbers(13, rows=600)
    matrix[:, 0] += 1e9
    label = answers(matrix - np.array([1e9, 0, 0, 0, 0]), classes)
    if not classes:
        label = label / np.std(label)
    fitted = _encoded(model).fit(matrix, label)
    asked = np.concatenate([matrix, matrix, np.full((1, 5), np.nan)])
    asked[:50, 4] = 77.0
    asked[50:60, 4] = -1.0
    asked[60:70, 4] = 1.5
    folded = quicken(fitted, rows=MANY)
    assert folded is not fitted
    for method in ("predict_proba", "predict"):
        if hasattr(fitted, method):
            own = getattr(fitted, method)(asked)
            assert np.max(np.abs(getattr(folded, method)(asked) - own)) <= 1e-12


def test_a_large_number_that_varies_little_keeps_its_digits_behind_a_scaler():
    rng = np.random.default_rng(0)
    matrix = 1e9 + rng.normal(size=(500, 3))
    model = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    model.fit(matrix, answers(matrix - 1e9, 2))
    told = quicken(model, rows=MANY).predict_proba(matrix)
    assert np.max(np.abs(told - model.predict_proba(matrix))) <= 1e-12
