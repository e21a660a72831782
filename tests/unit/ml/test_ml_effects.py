import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.inspection import partial_dependence, permutation_importance
from threadpoolctl import threadpool_limits

from ml.data.features import Encoder, Feature
from ml.evaluation import importances
from ml.evaluation.dependence import dependence_of
from ml.evaluation.importances import REPEATS, importances_of
from ml.model import Model

RANDOM = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def one_thread():
    """So few rows gain nothing of more, and threads wait for one another."""
    with threadpool_limits(limits=1):
        yield


NAMES = ("strong", "weak", "none")


def numbers(rows=300):
    matrix = RANDOM.uniform(size=(rows, 3))
    matrix[::7, 1] = np.nan
    return matrix


def fitted(matrix, classes=("no", "yes")):
    features = Encoder(tuple(Feature(name, "DOUBLE", "number") for name in NAMES))
    raw = 3 * matrix[:, 0] + np.nan_to_num(matrix[:, 1]) + RANDOM.normal(0, 0.3, len(matrix))
    if not classes:
        estimator = HistGradientBoostingRegressor(max_iter=20).fit(matrix, raw)
        return Model(features, estimator, "regression"), raw
    truth = np.digitize(raw, np.quantile(raw, np.linspace(0, 1, len(classes) + 1)[1:-1]))
    estimator = HistGradientBoostingClassifier(max_iter=20).fit(matrix, truth)
    return Model(features, estimator, "classification", classes), truth


def table(matrix):
    return pa.table([pa.array(matrix[:, at], from_pandas=True) for at in range(3)], names="abc")


@pytest.mark.parametrize(
    ("classes", "metric", "scorer"),
    [
        (("no", "yes"), "roc_auc", "roc_auc"),
        (("no", "yes"), "log_loss", "neg_log_loss"),
        (("a", "b", "c"), "accuracy", "accuracy"),
        ((), "rmse", "neg_root_mean_squared_error"),
    ],
)
def test_importances_are_those_of_scikit_learn_with_the_same_seed(classes, metric, scorer):
    matrix = numbers()
    model, truth = fitted(matrix, classes)
    # scikit-learn draws the seed of its shuffles from the one it is given.
    seed = int(np.random.RandomState(7).randint(np.iinfo(np.int32).max + 1))
    found = {
        each.feature: each for each in importances_of(model, table(matrix), truth, metric, seed)
    }
    expected = permutation_importance(
        model.estimator, matrix, truth, scoring=scorer, n_repeats=REPEATS, random_state=7
    )
    assert [found[name].value for name in NAMES] == pytest.approx(list(expected.importances_mean))
    assert list(found)[0] == "strong"
    assert abs(found["none"].value) < 0.1 * found["strong"].value
    assert all(each.low <= each.value <= each.high for each in found.values())


def test_of_many_rows_and_features_no_more_are_told_than_is_bearable(monkeypatch):
    asked = []
    matrix = numbers(3000)
    model, truth = fitted(matrix)
    told = Model.tell

    def counted(self, inputs):
        asked.append(len(inputs))
        return told(self, inputs)

    monkeypatch.setattr(Model, "tell", counted)
    importances_of(model, table(matrix), truth, "roc_auc", 0)
    assert sum(asked) == 2_000 * (1 + 3 * REPEATS)
    monkeypatch.setattr(importances, "_MOST_TOLD", 1800)
    asked.clear()
    importances_of(model, table(matrix), truth, "roc_auc", 0)
    assert sum(asked) == 200 * (1 + 3 * REPEATS)


def test_dependence_is_that_of_scikit_learn_at_the_same_values():
    matrix = numbers()
    model, _ = fitted(matrix)
    found = [each for each in dependence_of(model, table(matrix), ["strong"], 0)]
    grid = np.array([each.x for each in found])
    expected = partial_dependence(
        model.estimator, matrix, [0], custom_values={0: grid}, method="brute", kind="average",
        response_method="predict_proba",
    )  # fmt: skip
    assert [each.y for each in found] == pytest.approx(list(expected["average"][0]))
    assert len(grid) == 20
    assert {each.class_ for each in found} == {"yes"}
    assert found[-1].y > found[0].y + 0.3


def test_the_dependence_of_a_number_told_is_that_of_scikit_learn():
    matrix = numbers()
    model, _ = fitted(matrix, ())
    found = dependence_of(model, table(matrix), ["weak"], 0)
    grid = np.array([each.x for each in found])
    expected = partial_dependence(
        model.estimator, matrix, [1], custom_values={1: grid}, method="brute", kind="average"
    )
    assert [each.y for each in found] == pytest.approx(list(expected["average"][0]))


def test_a_category_is_set_to_each_of_its_names():
    encoder = Encoder(
        (
            Feature("c", "VARCHAR", "category", ("blue", "green", "red")),
            Feature("d", "BOOLEAN", "boolean"),
        )
    )
    names = RANDOM.choice(["red", "red", "blue", "green"], 200)
    rows = pa.table({"c0": pa.array(names), "c1": pa.array(RANDOM.integers(0, 2, 200) * 1.0)})
    truth = (names == "red").astype(int)
    estimator = HistGradientBoostingClassifier(max_iter=20, categorical_features=[0])
    model = Model(
        encoder, estimator.fit(encoder.encode(rows), truth), "classification", ("no", "yes")
    )
    found = dependence_of(model, rows, ["c", "d"], 0)
    told = {(each.feature, each.value): (each.x, each.y) for each in found}
    assert list(told)[0] == ("c", "red")
    assert set(told) == {("c", "red"), ("c", "blue"), ("c", "green"), ("d", "false"), ("d", "true")}
    assert told["c", "red"][0] is None
    assert told["c", "red"][1] > 0.9 > 0.1 > told["c", "blue"][1]
    assert told["d", "true"][0] == 1.0
