import numpy as np
import pytest

from ml.evaluate import Outcome, evaluate, values_of
from ml.gates import failures
from ml.measures import MEASURES
from ml.spec import Criterion, Problem

RANDOM = np.random.default_rng(5)


def shares(rows, classes=2):
    drawn = RANDOM.dirichlet(np.ones(classes), rows)
    truth = np.array([RANDOM.choice(classes, p=row) for row in drawn])
    return Outcome(truth, drawn)


def judged(criterion, test, baseline=None):
    problem = Problem(question="q", decision="d", success=(criterion,))
    return failures(problem, test, baseline or {})


def test_the_interval_of_a_mean_is_that_of_statistics():
    truth = RANDOM.normal(size=4000)
    outcome = Outcome(truth, np.zeros(4000))
    found = {each.metric: each for each in evaluate("test", outcome, seed=1)}["mae"]
    half = 1.96 * np.abs(truth).std() / np.sqrt(4000)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.2)


def test_the_interval_of_very_many_rows_is_scaled_to_their_number():
    truth = RANDOM.normal(size=80_000)
    outcome = Outcome(truth, np.zeros(80_000))
    found = {each.metric: each for each in evaluate("test", outcome, seed=1)}["mae"]
    half = 1.96 * np.abs(truth).std() / np.sqrt(80_000)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.2)
    assert found.low < found.value < found.high


def test_the_same_seed_gives_the_same_interval():
    outcome = shares(300)
    assert evaluate("test", outcome, seed=2) == evaluate("test", outcome, seed=2)
    assert evaluate("test", outcome, seed=2) != evaluate("test", outcome, seed=3)


def test_without_a_seed_there_is_no_interval():
    assert {(each.low, each.high) for each in evaluate("train", shares(50))} == {(None, None)}


def test_a_metric_that_is_not_defined_has_no_value():
    told = Outcome(np.zeros(20, dtype=np.int64), np.tile([0.7, 0.3], (20, 1)))
    found = evaluate("test", told, seed=0)
    assert {each.metric for each in found if each.value is None} == {"roc_auc", "average_precision"}
    assert "roc_auc" not in values_of(found)
    assert judged(Criterion(metric="roc_auc", at_least=0), values_of(found)) == [
        "roc_auc is not defined on the rows held out"
    ]


@pytest.mark.parametrize("metric", MEASURES)
def test_better_than_the_baseline_means_better_whichever_way_the_metric_goes(metric):
    sign = 1 if MEASURES[metric].higher_is_better else -1
    criterion = Criterion(metric=metric, beats_baseline_by=0.1)
    assert judged(criterion, {metric: 0.5 + sign * 0.11}, {metric: 0.5}) == []
    (missed,) = judged(criterion, {metric: 0.5 + sign * 0.09}, {metric: 0.5})
    assert "better than the baseline's 0.5000 by 0.1" in missed
    assert judged(criterion, {metric: 0.5}) == [
        f"{metric} of the baseline is not defined on the rows held out"
    ]


def test_a_bound_itself_is_good_enough():
    assert judged(Criterion(metric="f1", at_least=0.5), {"f1": 0.5}) == []
    assert judged(Criterion(metric="rmse", at_most=0.5), {"rmse": 0.5}) == []
    assert judged(Criterion(metric="f1", at_least=0.5), {"f1": 0.49})
    assert judged(Criterion(metric="roc_auc", at_most=0.98), {"roc_auc": 0.999})
