import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.naive_bayes import GaussianNB

from ml.data.folds import random_folds
from ml.fitting.calibration import Calibration, Curve, Sigmoid, fit_calibration


class Bare(ClassifierMixin, BaseEstimator):
    """Naive Bayes that tells by one method only."""

    def fit(self, x, y):
        self.inner_ = GaussianNB().fit(x, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict(self, x):
        return self.inner_.predict(x)

    def shares(self, x):
        return np.clip(self.inner_.predict_proba(x), 1e-9, 1 - 1e-9)


class Shares(Bare):
    def predict_proba(self, x):
        return self.shares(x)


class Odds(Bare):
    def decision_function(self, x):
        odds = np.log(self.shares(x)) - np.log1p(-self.shares(x))
        return odds[:, 1] if odds.shape[1] == 2 else odds


def rows(classes, seed=0, many=600):
    """Features of which two say the same, so that naive Bayes is far too sure."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, classes, many)
    one = truth + random.normal(size=many) * 1.2
    noise = random.normal(size=(3, many)) * 0.1
    return np.stack([one + noise[0], one + noise[1], one + noise[2]], axis=1), truth


def out_of_fold(x, y, folds):
    told = np.zeros((len(y), y.max() + 1))
    for fold in folds:
        told[fold.judged] = Bare().fit(x[fold.learnt], y[fold.learnt]).shares(x[fold.judged])
    return told


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("method", ["isotonic", "sigmoid"])
def test_it_is_what_scikit_learn_does_without_an_ensemble_on_the_same_folds(method, classes):
    x, y = rows(classes)
    folds = random_folds(len(y), 4, 0, y)
    bare = Shares() if method == "isotonic" else Odds()
    oracle = CalibratedClassifierCV(
        bare, method=method, ensemble=False, cv=[(each.learnt, each.judged) for each in folds]
    ).fit(x, y)
    told = out_of_fold(x, y, folds)
    ours = fit_calibration(method, y, told)
    new, _ = rows(classes, seed=1)
    tolerance = 1e-12 if method == "isotonic" else 1e-5
    assert np.allclose(
        ours.apply(Bare().fit(x, y).shares(new)), oracle.predict_proba(new), atol=tolerance
    )


def test_sigmoid_reads_probabilities_of_boosted_trees_as_scikit_learn_reads_their_log_odds():
    x, y = rows(2)
    folds = random_folds(len(y), 3, 0, y)
    trees = HistGradientBoostingClassifier(max_iter=20)
    cv = [(each.learnt, each.judged) for each in folds]
    oracle = CalibratedClassifierCV(trees, method="sigmoid", ensemble=False, cv=cv).fit(x, y)
    told = np.zeros((len(y), 2))
    for learnt, judged in cv:
        told[judged] = trees.fit(x[learnt], y[learnt]).predict_proba(x[judged])
    calibration = fit_calibration("sigmoid", y, told)
    ours = calibration.apply(trees.fit(x, y).predict_proba(x))
    assert np.allclose(ours, oracle.predict_proba(x), atol=1e-5)


def gap(truth, share, bins=10):
    """The expected calibration error: how far shares told are from shares that came true."""
    at = np.minimum((share * bins).astype(int), bins - 1)
    return sum(
        np.mean(at == each) * abs(share[at == each].mean() - truth[at == each].mean())
        for each in np.unique(at)
    )


@pytest.mark.parametrize("method", ["isotonic", "sigmoid"])
def test_probabilities_come_true_more_nearly_as_often_as_they_say(method):
    x, y = rows(2, many=4000)
    new, truth = rows(2, seed=1, many=4000)
    told = out_of_fold(x, y, random_folds(len(y), 4, 0, y))
    bare = Bare().fit(x, y).shares(new)
    calibrated = fit_calibration(method, y, told).apply(bare)
    before, after = gap(truth, bare[:, 1]), gap(truth, calibrated[:, 1])
    assert before > 0.05
    assert after < before / 2


def test_rows_sum_to_one_and_survive_json():
    told = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    truth = np.arange(50) % 3
    for method in ("isotonic", "sigmoid"):
        calibration = fit_calibration(method, truth, told)
        assert np.allclose(calibration.apply(told).sum(axis=1), 1)
        assert Calibration.from_json(calibration.to_json()) == calibration


def test_a_row_of_which_no_class_is_likely_has_all_alike():
    nothing = Calibration("isotonic", (Curve((0.0, 1.0), (0.0, 0.0)),) * 3)
    assert np.allclose(nothing.apply(np.full((2, 3), 1 / 3)), 1 / 3)


def test_a_probability_of_none_or_all_has_a_curve_too():
    told = Sigmoid(1.0, 0.0).along(np.array([0.0, 0.5, 1.0]))
    assert np.allclose(told, [0, 0.5, 1], atol=1e-9)
    assert np.isfinite(
        fit_calibration("sigmoid", np.arange(8) % 2, np.eye(2)[[0, 1] * 4]).apply(np.eye(2))
    ).all()
