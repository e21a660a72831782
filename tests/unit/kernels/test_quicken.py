import subprocess
import sys
from copy import copy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from ml.kernels import loops, standins
from ml.kernels.boosted import read_boosted
from ml.kernels.quicken import quicken
from tests.unit.kernels.models import MANY, answers, assert_tells_the_same, boosted, numbers


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="module")
def matrix():
    return numbers(0)


@pytest.fixture(scope="module")
def model(matrix):
    return boosted(2, max_iter=8).fit(matrix, answers(matrix, 2))


def _flipped(estimator):
    found = read_boosted(estimator)
    trees = [replace(tree, missing_left=~tree.missing_left) for tree in found.trees]
    return replace(found, trees=tuple(trees))


def test_a_flipped_direction_of_missing_values_is_caught_and_not_told(model, matrix, monkeypatch):
    monkeypatch.setattr(standins, "read_boosted", _flipped)
    quick = quicken(model, rows=MANY)
    with pytest.warns(
        RuntimeWarning, match="HistGradientBoostingClassifier scores by scikit-learn"
    ):
        told = quick.predict_proba(matrix)
    assert np.array_equal(told, model.predict_proba(matrix))


def test_the_oracle_of_these_tests_fails_on_a_flipped_direction(model, matrix, monkeypatch):
    monkeypatch.setattr(standins, "read_boosted", _flipped)
    monkeypatch.setattr(standins, "_CHECKED", 0)
    with pytest.raises(AssertionError):
        assert_tells_the_same(model, matrix)


def test_few_rows_are_not_worth_it(model):
    assert quicken(model, rows=19_999) is model


def test_trees_laid_out_otherwise_are_left_to_scikit_learn_with_the_reason(model):
    changed = copy(model)
    names = {"num_threshold": "threshold"}
    fields = [
        (names.get(n, n), t[0]) for n, t in model._predictors[0][0].nodes.dtype.fields.items()
    ]
    other = SimpleNamespace(nodes=np.zeros(1, dtype=fields))
    changed._predictors = [[other]]
    with pytest.warns(RuntimeWarning, match="not laid out as scikit-learn"):
        assert quicken(changed, rows=MANY) is changed
    del changed._predictors
    changed.is_categorical_ = "?"
    changed._predictors = model._predictors
    with pytest.warns(RuntimeWarning, match="not laid out as scikit-learn"):
        assert quicken(changed, rows=MANY) is changed


def test_without_numba_scikit_learn_tells_and_it_is_said_once(model, matrix, monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    quick = quicken(model, rows=MANY)
    with pytest.warns(RuntimeWarning, match="Numba cannot be imported") as said:
        first = quick.predict_proba(matrix)
        second = quick.predict_proba(matrix)
    assert len(said) == 1
    assert np.array_equal(first, model.predict_proba(matrix))
    assert np.array_equal(second, first)


def test_what_cannot_be_compiled_is_told_by_scikit_learn(model, matrix, monkeypatch):
    import numba

    def fail(*_):
        raise numba.core.errors.TypingError("no such type")

    monkeypatch.setattr(loops, "_loop", fail)
    with pytest.warns(RuntimeWarning, match="no such type"):
        told = quicken(model, rows=MANY).predict_proba(matrix)
    assert np.array_equal(told, model.predict_proba(matrix))


def test_an_infinite_category_is_refused_in_scikit_learns_words(matrix):
    model = boosted(2, max_iter=8, categorical_features=[4]).fit(matrix, answers(matrix, 2))
    quick = quicken(model, rows=MANY)
    asked = matrix.copy()
    asked[300, 4] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        quick.predict_proba(asked)


def test_the_wrong_number_of_columns_is_refused_in_scikit_learns_words(model, matrix):
    with pytest.raises(ValueError, match="X has 4 features, but"):
        quicken(model, rows=MANY).predict(matrix[:, :4])


def test_no_rows_and_rows_in_a_list_are_told_as_scikit_learn_does(model, matrix):
    quick = quicken(model, rows=MANY)
    rows = matrix[:3].tolist()
    assert np.array_equal(quick.predict(rows), model.predict(rows))
    with pytest.raises(ValueError, match="0 sample"):
        quick.predict(matrix[:0])


def test_the_model_itself_is_left_as_it_was(model, matrix):
    before = model.predict_proba(matrix)
    kept = dict(vars(model))
    quicken(model, rows=MANY).predict_proba(matrix)
    assert vars(model) == kept
    assert np.array_equal(model.predict_proba(matrix), before)


def test_the_trees_of_a_pipeline_are_exchanged(matrix):
    label = answers(matrix, 2)
    model = Pipeline([("scale", StandardScaler()), ("trees", boosted(2, max_iter=8))])
    model.fit(matrix, label)
    assert_tells_the_same(model, matrix)


def test_an_infinite_number_is_refused_by_a_folded_model(matrix):
    whole = np.nan_to_num(matrix)
    model = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    folded = quicken(model.fit(whole, answers(matrix, 2)), rows=MANY)
    whole[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        folded.predict(whole)
    with pytest.raises(ValueError, match="NaN"):
        folded.predict(matrix)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_what_is_not_served_comes_back_silently(matrix):
    whole, label = np.nan_to_num(matrix), answers(matrix, 2)
    words = Pipeline([("words", TfidfVectorizer()), ("model", LogisticRegression())])
    words.fit(["one two", "two three"], [0, 1])
    powers = Pipeline([("powers", PolynomialFeatures()), ("model", LogisticRegression(tol=1))])
    powers.fit(whole, label)
    for model in (words, powers, SVC().fit(whole, label)):
        assert quicken(model, rows=MANY) is model


def test_numba_is_imported_only_when_trees_are_scored():
    code = "import sys, ml.score; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
