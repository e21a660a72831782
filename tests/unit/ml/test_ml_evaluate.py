import numpy as np
import pytest
from scipy.stats import bootstrap, rankdata
from sklearn.metrics import accuracy_score, roc_auc_score

from ml.evaluation.bootstrap import measure
from ml.evaluation.evaluate import Outcome, evaluate, values_of


def shares(rows, classes=2):
    random = np.random.default_rng(5)
    drawn = random.dirichlet(np.ones(classes), rows)
    truth = np.array([random.choice(classes, p=row) for row in drawn])
    return Outcome(truth, drawn)


def test_the_interval_of_a_mean_is_that_of_statistics():
    random = np.random.default_rng(5)
    truth = random.normal(size=4000)
    outcome = Outcome(truth, np.zeros(4000))
    found = {each.metric: each for each in evaluate("test", outcome, seed=1)}["mae"]
    half = 1.96 * np.abs(truth).std() / np.sqrt(4000)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.2)


def test_the_interval_of_very_many_rows_is_scaled_to_their_number():
    random = np.random.default_rng(5)
    truth = random.normal(size=80_000)
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


def scipy_interval(statistic, *columns):
    found = bootstrap(
        columns, statistic, paired=True, vectorized=False, n_resamples=500, method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    return found.low, found.high


def auc(truth, score):
    """By the ranks of the positive rows, as Mann and Whitney: fast enough to be drawn often."""
    ranks, positive = rankdata(score), truth == 1
    pairs = ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2
    return pairs / (positive.sum() * (~positive).sum())


@pytest.mark.parametrize(
    ("metric", "statistic"),
    [
        ("roc_auc", auc),
        ("brier", lambda truth, share: np.mean((truth - share) ** 2)),
        ("accuracy", lambda truth, share: np.mean(truth == (share > 0.5))),
    ],
)
def test_the_interval_of_a_metric_is_that_of_scipy(metric, statistic):
    outcome = shares(300)
    found = {each.metric: each for each in evaluate("test", outcome, seed=1)}[metric]
    low, high = scipy_interval(statistic, outcome.truth, outcome.told[:, 1])
    width = high - low
    assert found.low == pytest.approx(low, abs=0.2 * width)
    assert found.high == pytest.approx(high, abs=0.2 * width)


def test_the_interval_of_a_gain_is_the_paired_one_of_scipy():
    ours, random = shares(300), np.random.default_rng(6)
    noise = np.clip(ours.told[:, 1] + random.normal(0, 0.2, 300), 0.01, 0.99)
    theirs = Outcome(ours.truth, np.stack([1 - noise, noise], axis=1))
    mine, other = measure([ours, theirs], seed=1)
    gain = mine.gain(other, "roc_auc")
    low, high = scipy_interval(
        lambda truth, one, two: auc(truth, one) - auc(truth, two),
        ours.truth, ours.told[:, 1], noise,
    )  # fmt: skip
    assert gain.value == pytest.approx(
        roc_auc_score(ours.truth, ours.told[:, 1]) - roc_auc_score(ours.truth, noise)
    )
    assert (gain.low, gain.high) == pytest.approx((low, high), abs=0.2 * (high - low))
    # Two metrics of the same rows go up and down together: apart they would say much less.
    alone = mine.interval("roc_auc")
    assert gain.high - gain.low < alone.high - alone.low


@pytest.mark.parametrize("metric", ["rmse", "r2"])
def test_a_gain_is_positive_where_it_is_better_whichever_way_the_metric_goes(metric):
    random = np.random.default_rng(5)
    truth = random.normal(size=200)
    good, bad = (Outcome(truth, truth + random.normal(0, off, 200)) for off in (0.1, 0.9))
    better, worse = measure([good, bad], seed=0)
    assert better.gain(worse, metric).low > 0
    assert worse.gain(better, metric).high < 0


def test_accuracy_and_f1_judge_what_is_decided_not_what_is_likeliest():
    outcome = shares(300)
    decided = (outcome.told[:, 1] >= 0.2).astype(np.int64)
    moved = Outcome(outcome.truth, outcome.told, decided=decided).values()
    assert moved["accuracy"] == accuracy_score(outcome.truth, decided)
    assert moved["roc_auc"] == outcome.values()["roc_auc"]
