import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import auc, confusion_matrix, precision_recall_curve, roc_auc_score, roc_curve

from ml.evaluation.confusion import confusion_of
from ml.evaluation.curves import (
    MOST_POINTS,
    calibration,
    curves_of,
    gains,
    precision_recall,
    roc,
    thinned,
)
from ml.evaluation.evaluate import Outcome
from ml.evaluation.residuals import residuals_of

RANDOM = np.random.default_rng(11)
DIGITS = [1, 2, 6]


def told(rows=400, digits=6):
    score = np.round(RANDOM.uniform(size=rows), digits)
    return RANDOM.uniform(size=rows) < score, score


@pytest.mark.parametrize("digits", DIGITS)
def test_roc_is_that_of_scikit_learn(digits):
    positive, score = told(digits=digits)
    x, y, threshold = roc(positive, score)
    expected = roc_curve(positive, score)
    for found, wanted in zip((x, y, threshold), expected, strict=True):
        np.testing.assert_allclose(found, wanted)


@pytest.mark.parametrize("digits", DIGITS)
def test_precision_and_recall_are_those_of_scikit_learn(digits):
    positive, score = told(digits=digits)
    recall, precision, threshold = precision_recall(positive, score)
    expected = precision_recall_curve(positive, score, drop_intermediate=True)
    np.testing.assert_allclose(precision, expected[0][::-1])
    np.testing.assert_allclose(recall, expected[1][::-1])
    np.testing.assert_allclose(threshold[1:], expected[2][::-1])


def test_gains_are_those_of_a_count_by_hand():
    positive, score = told(rows=60, digits=1)
    for taken, found, threshold in zip(*gains(positive, score), strict=True):
        chosen = score >= threshold
        assert taken == pytest.approx(chosen.mean())
        assert found == pytest.approx(positive[chosen].sum() / positive.sum())


@pytest.mark.parametrize("digits", DIGITS)
def test_calibration_is_that_of_scikit_learn(digits):
    positive, score = told(digits=digits)
    x, y, edges = calibration(positive, score)
    true, mean = calibration_curve(positive, score, n_bins=10, strategy="quantile")
    np.testing.assert_allclose(x, mean)
    np.testing.assert_allclose(y, true)
    assert (edges <= x).all()


def test_a_long_curve_keeps_its_ends_and_its_area():
    positive, score = told(rows=50_000, digits=9)
    x, y, _ = roc(positive, score)
    kept = thinned(x, y, MOST_POINTS)
    assert len(x) > 5_000
    assert len(kept) <= MOST_POINTS
    assert (kept[0], kept[-1]) == (0, len(x) - 1)
    assert auc(x[kept], y[kept]) == pytest.approx(roc_auc_score(positive, score), abs=0.002)


def test_of_two_classes_the_positive_one_has_curves_and_of_more_each():
    shares = RANDOM.dirichlet(np.ones(3), 300)
    truth = RANDOM.integers(0, 3, 300)
    two = Outcome((truth > 0).astype(np.int64), shares[:, :2])
    assert {each.class_ for each in curves_of(two, ["no", "yes"])} == {"yes"}
    three = curves_of(Outcome(truth, shares), ["a", "b", "c"])
    assert {each.class_ for each in three} == {"a", "b", "c"}
    assert {each.name for each in three} == {"roc", "precision_recall", "gains", "calibration"}


def test_a_class_nobody_has_has_no_curve():
    shares = RANDOM.dirichlet(np.ones(3), 50)
    truth = RANDOM.integers(0, 2, 50)
    found = curves_of(Outcome(truth, shares), ["a", "b", "c"])
    assert {each.class_ for each in found} == {"a", "b"}


def test_the_confusion_matrix_is_that_of_scikit_learn():
    truth, decided = RANDOM.integers(0, 3, (2, 200))
    matrix = confusion_matrix(truth, decided, labels=[0, 1, 2, 3])
    found = confusion_of(truth, decided, ["a", "b", "c", "d"])
    assert found == [
        ("abcd"[row], "abcd"[column], matrix[row, column])
        for row in range(4)
        for column in range(4)
    ]


def test_of_many_classes_only_what_happened_is_in_the_confusion_matrix():
    classes = [str(number) for number in range(50)]
    assert confusion_of(np.array([3, 3]), np.array([4, 4]), classes) == [("3", "4", 2)]


def test_residuals_are_told_along_the_prediction():
    guess = RANDOM.normal(size=1000)
    off = RANDOM.normal(size=1000) * (1 + (guess > 0))
    bins = residuals_of(guess + off, guess)
    assert [each.bin for each in bins] == list(range(1, 11))
    assert sum(each.rows for each in bins) == 1000
    for each in bins:
        chosen = (guess >= each.told_low) & (guess <= each.told_high)
        assert each.rows == chosen.sum()
        assert each.residual == pytest.approx(off[chosen].mean())
        assert each.spread == pytest.approx(off[chosen].std())
        assert each.low < each.residual < each.high
    assert bins[-1].spread > 1.5 * bins[0].spread


def test_one_prediction_for_all_is_one_bin():
    (only,) = residuals_of(np.arange(20.0), np.full(20, 3.0))
    assert (only.rows, only.told, only.residual) == (20, 3.0, 6.5)
