"""Presets, classes and weights beside scikit-learn as its own users write it."""

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
)
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import ComplementNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from ml.data.features import Encoder, Feature
from ml.estimators import fit, tell

RANDOM = np.random.default_rng(7)
CATEGORIES = np.array(["x", "y", "z", None], dtype=object)
DRAWN = RANDOM.integers(0, 4, 300)
MATRIX = np.column_stack(
    [
        RANDOM.normal(100, 20, 300),
        RANDOM.integers(0, 2, 300).astype(float),
        np.where(DRAWN == 3, np.nan, DRAWN),
        RANDOM.normal(size=300),
    ]
)
MATRIX[::7, 0] = np.nan
ENCODER = Encoder(
    (
        Feature("a", "DOUBLE", "number"),
        Feature("b", "BOOLEAN", "boolean"),
        Feature("c", "VARCHAR", "category", ("x", "y", "z")),
        Feature("d", "DOUBLE", "number"),
    )
)
EFFECT = np.nan_to_num(MATRIX[:, 0], nan=100) / 20 + MATRIX[:, 3] + (DRAWN == 1)
AMOUNTS = 1000 * EFFECT + RANDOM.normal(size=300) * 50
CODES = (EFFECT + RANDOM.normal(size=300) > 6.2).astype(np.int64)
THREE = np.digitize(EFFECT, [4.8, 6.0])
PEOPLES = np.column_stack([MATRIX[:, [0, 1, 3]].astype(object), CATEGORIES[DRAWN]])
NAMES = ("0", "1", "2")
TEXTS = np.array(
    [f"{'good' if code else 'bad'} w{at % 9} w{at % 5}" for at, code in enumerate(CODES)],
    dtype=object,
)
REGRESSION = {"problem.success": [{"metric": "r2", "at_least": 0}]}


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(limits=1):
        yield


def encoded(model, scale=None):
    """What a person writes before ``model`` for columns of numbers and of text."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), scale or StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    steps = ColumnTransformer([("n", numbers, [0, 1, 2]), ("c", one_hot, [3])])
    return make_pipeline(steps, model)


def ours(world, estimator, labels, inputs=MATRIX, changes=None):
    spec = world.spec({"estimator": estimator, **(changes or {})})
    encoder = ENCODER if inputs is MATRIX else Encoder((Feature("t", "VARCHAR", "text"),))
    classes = NAMES[: labels.max() + 1] if labels.dtype == np.int64 else ()
    return tell(fit(spec, encoder, inputs, labels, classes), inputs, spec.task)


@pytest.mark.parametrize(
    ("params", "model"),
    [
        ({}, Ridge(alpha=1.0)),
        ({"alpha": 20.0, "fit_intercept": True}, Ridge(alpha=20.0)),
        ({"alpha": 0}, LinearRegression()),
        ({"alpha": 2.0, "l1_ratio": 0.3}, ElasticNet(alpha=2.0, l1_ratio=0.3)),
        ({"alpha": 5.0, "l1_ratio": 1.0}, ElasticNet(alpha=5.0, l1_ratio=1.0)),
    ],
)
def test_linear_regression_tells_what_scikit_learn_tells(world, params, model):
    estimator = {"preset": "linear_regression", "params": params}
    told = ours(world, estimator, AMOUNTS, MATRIX, REGRESSION)
    wanted = encoded(model).fit(PEOPLES, AMOUNTS).predict(PEOPLES)
    assert np.allclose(told, wanted, rtol=1e-9)


def test_the_elastic_net_of_a_logistic_regression_chooses_its_solver(world):
    params = {"l1_ratio": 0.7, "C": 0.1}
    told = ours(world, {"preset": "logistic_regression", "params": params, "seed": 3}, CODES)
    model = LogisticRegression(l1_ratio=0.7, C=0.1, solver="saga", max_iter=1000, random_state=3)
    assert np.allclose(told, encoded(model).fit(PEOPLES, CODES).predict_proba(PEOPLES), rtol=1e-9)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_mlp_tells_what_scikit_learn_tells(world):
    params = {"hidden_layer_sizes": [8, 3], "max_iter": 40}
    estimator = {"preset": "mlp", "params": params, "seed": 5}
    classes = MLPClassifier(hidden_layer_sizes=(8, 3), max_iter=40, random_state=5)
    wanted = encoded(classes).fit(PEOPLES, THREE).predict_proba(PEOPLES)
    assert np.allclose(ours(world, estimator, THREE), wanted, rtol=1e-6)
    number = TransformedTargetRegressor(
        MLPRegressor(hidden_layer_sizes=(8, 3), max_iter=40, random_state=5),
        transformer=StandardScaler(),
    )
    wanted = encoded(number).fit(PEOPLES, AMOUNTS).predict(PEOPLES)
    assert np.allclose(ours(world, estimator, AMOUNTS, MATRIX, REGRESSION), wanted, rtol=1e-6)


def test_random_forest_tells_what_scikit_learn_tells_of_codes_with_missing_values(world):
    params = {"n_estimators": 20, "max_depth": 6, "max_features": 0.5}
    estimator = {"preset": "random_forest", "params": params, "seed": 5}
    forest = RandomForestClassifier(**params, random_state=5).fit(MATRIX, THREE)
    assert np.array_equal(ours(world, estimator, THREE), forest.predict_proba(MATRIX))
    number = RandomForestRegressor(**params, random_state=5).fit(MATRIX, AMOUNTS)
    told = ours(world, estimator, AMOUNTS, MATRIX, REGRESSION)
    assert np.array_equal(told, number.predict(MATRIX))


def test_a_forest_grown_on_every_core_is_the_forest_grown_on_one(world, monkeypatch):
    estimator = {"preset": "random_forest", "params": {"n_estimators": 20}, "seed": 5}
    one = ours(world, estimator, CODES)
    monkeypatch.setattr("ml.estimators.cores.FEW_ROWS", 0)
    assert np.array_equal(ours(world, estimator, CODES), one)


@pytest.mark.parametrize(
    ("name", "params", "model"),
    [
        ("sklearn.svm.LinearSVC", {"C": 0.3}, LinearSVC(C=0.3, random_state=0)),
        ("sklearn.svm.SVC", {"C": 2.0, "break_ties": True}, SVC(C=2.0, break_ties=True)),
        ("sklearn.linear_model.RidgeClassifier", {}, RidgeClassifier()),
    ],
)
@pytest.mark.parametrize("labels", [CODES, THREE], ids=["two", "three"])
def test_a_decision_function_alone_keeps_its_ranks_and_its_likeliest_class(
    world, name, params, model, labels
):
    told = ours(world, {"class": name, "params": params}, labels)
    wanted = encoded(model).fit(PEOPLES, labels)
    assert np.allclose(told.sum(axis=1), 1)
    assert np.array_equal(np.argmax(told, axis=1), wanted.predict(PEOPLES))
    if labels is CODES:
        decided = wanted.decision_function(PEOPLES)
        assert roc_auc_score(labels, told[:, 1]) == pytest.approx(roc_auc_score(labels, decided))
        assert len(np.unique(told[:, 1])) == len(np.unique(decided))


def test_a_class_that_takes_only_what_is_not_negative_is_given_that(world):
    estimator = {"class": "sklearn.naive_bayes.ComplementNB"}
    pipeline = encoded(ComplementNB(), MinMaxScaler(clip=True)).fit(PEOPLES, THREE)
    assert np.allclose(ours(world, estimator, THREE), pipeline.predict_proba(PEOPLES))


def test_a_class_that_takes_missing_values_is_given_the_matrix_as_it_is(world):
    estimator = {"class": "sklearn.tree.DecisionTreeClassifier", "params": {"max_depth": 4}}
    tree = DecisionTreeClassifier(max_depth=4, random_state=0).fit(MATRIX, THREE)
    assert np.array_equal(ours(world, estimator, THREE), tree.predict_proba(MATRIX))
    estimator = {"class": "sklearn.ensemble.HistGradientBoostingClassifier", "seed": 2}
    trees = HistGradientBoostingClassifier(categorical_features=[2], random_state=2)
    wanted = trees.fit(MATRIX, CODES).predict_proba(MATRIX)
    assert np.array_equal(ours(world, estimator, CODES), wanted)


def test_a_class_that_reads_text_stands_behind_tf_idf(world):
    params = {"C": 0.5, "ngram_range": [1, 2], "sublinear_tf": True}
    estimator = {"class": "sklearn.svm.LinearSVC", "reads": "text", "params": params}
    told = ours(world, estimator, CODES, TEXTS)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    wanted = make_pipeline(words, LinearSVC(C=0.5, random_state=0)).fit(TEXTS, CODES)
    assert np.array_equal(np.argsort(told[:, 1]), np.argsort(wanted.decision_function(TEXTS)))


WEIGHTED = [
    (
        {"preset": "boosted_trees", "params": {"max_iter": 20}},
        lambda weights: HistGradientBoostingClassifier(
            max_iter=20, categorical_features=[2], random_state=0, class_weight=weights
        ),
    ),
    (
        {"preset": "logistic_regression"},
        lambda weights: encoded(LogisticRegression(max_iter=1000, class_weight=weights)),
    ),
    (
        {"preset": "random_forest", "params": {"n_estimators": 10}},
        lambda weights: RandomForestClassifier(10, random_state=0, class_weight=weights),
    ),
    (
        {"class": "sklearn.ensemble.ExtraTreesClassifier", "params": {"n_estimators": 10}},
        lambda weights: ExtraTreesClassifier(10, random_state=0, class_weight=weights),
    ),
]


@pytest.mark.parametrize(("estimator", "wanted"), WEIGHTED, ids=["hist", "logistic", "rf", "et"])
@pytest.mark.parametrize("weights", ["balanced", {"1": 5, "0": 0.5}, {"2": 3}])
def test_the_weights_of_classes_are_those_of_scikit_learn(world, estimator, wanted, weights):
    told = ours(world, {**estimator, "class_weight": weights}, THREE)
    named = weights != "balanced"
    codes = {int(name): each for name, each in weights.items()} if named else weights
    pipeline = wanted(codes)
    inputs = PEOPLES if hasattr(pipeline, "steps") else MATRIX
    assert np.allclose(told, pipeline.fit(inputs, THREE).predict_proba(inputs), atol=1e-9)
    assert not np.allclose(told, ours(world, estimator, THREE), atol=1e-3)


def test_the_weights_of_classes_reach_text_too(world):
    estimator = {"preset": "text_classifier", "class_weight": {"1": 4}}
    model = LogisticRegression(max_iter=1000, class_weight={1: 4})
    wanted = make_pipeline(TfidfVectorizer(), model).fit(TEXTS, CODES).predict_proba(TEXTS)
    assert np.allclose(ours(world, estimator, CODES, TEXTS), wanted, atol=1e-9)


@pytest.mark.parametrize("preset", ["boosted_trees", "random_forest"])
@pytest.mark.parametrize(("way", "sign"), [("increasing", 1), ("decreasing", -1)])
@pytest.mark.parametrize("number", [False, True])
def test_a_monotonic_feature_has_one_way(world, preset, way, sign, number):
    estimator = {"preset": preset, "monotonic": {"d": way}}
    changes = REGRESSION if number else {}
    labels = AMOUNTS if number else CODES
    spec = world.spec({"estimator": estimator, **changes})
    fitted = fit(spec, ENCODER, MATRIX, labels, () if number else NAMES[:2])
    grid = np.repeat(MATRIX[:40], 30, axis=0)
    grid[:, 3] = np.tile(np.linspace(-3, 3, 30), 40)
    told = tell(fitted, grid, spec.task)
    told = (told if number else told[:, 1]).reshape(40, 30)
    assert (sign * np.diff(told, axis=1) >= -1e-9).all()
    assert np.ptp(told, axis=1).max() > 0 or sign < 0
