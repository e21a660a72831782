"""What is expected of calibrated probabilities is what comes true when labels are drawn by them."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, roc_auc_score

from ml.monitoring.estimated import estimate


def scores(seed: int, rows: int) -> np.ndarray:
    return np.random.default_rng(seed).beta(0.8, 1.6, rows)


def test_the_expectation_is_the_mean_over_labels_drawn_by_the_probabilities() -> None:
    score = scores(0, 400)
    decided = (score >= 0.4).astype(np.int64)
    found = estimate(score, decided, seed=0)
    rng = np.random.default_rng(1)
    drawn = [(rng.random(400) < score).astype(int) for _ in range(200)]
    cells = np.mean([confusion_matrix(each, decided).ravel() for each in drawn], axis=0)
    names = ("true_negatives", "false_positives", "false_negatives", "true_positives")
    assert [found[name].value for name in names] == pytest.approx(cells, rel=0.02)
    for name, truth in (
        ("accuracy", np.mean([accuracy_score(each, decided) for each in drawn])),
        ("f1", np.mean([f1_score(each, decided) for each in drawn])),
        ("roc_auc", np.mean([roc_auc_score(each, score) for each in drawn])),
    ):
        assert found[name].value == pytest.approx(truth, abs=0.005), name


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "f1"])
def test_the_realised_metric_lies_in_the_interval_as_often_as_it_says(metric: str) -> None:
    measured = {"roc_auc": roc_auc_score, "accuracy": accuracy_score, "f1": f1_score}[metric]
    inside = 0
    for seed in range(60):
        score = scores(seed, 500)
        decided = (score >= 0.5).astype(np.int64)
        truth = np.random.default_rng(1000 + seed).random(500) < score
        found = estimate(score, decided, seed=seed)[metric]
        realised = measured(truth, score if metric == "roc_auc" else decided)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= realised <= found.high
    # 57 are expected of 60; 51 or fewer come in 1 of 100 such tests.
    assert inside > 51


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "f1"])
def test_the_interval_is_as_wide_as_the_metric_is_spread(metric: str) -> None:
    """One that is endlessly wide would hold every truth."""
    measured = {"roc_auc": roc_auc_score, "accuracy": accuracy_score, "f1": f1_score}[metric]
    score = scores(4, 500)
    decided = (score >= 0.5).astype(np.int64)
    found = estimate(score, decided, seed=0)[metric]
    rng = np.random.default_rng(2)
    drawn = [
        measured(rng.random(500) < score, score if metric == "roc_auc" else decided)
        for _ in range(400)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low == pytest.approx(high - low, rel=0.2)


def test_of_very_many_rows_a_sample_tells_how_far_it_may_be_off() -> None:
    score = scores(3, 60_000)
    found = estimate(score, (score >= 0.5).astype(np.int64), seed=0)["accuracy"]
    assert found.low is not None
    assert found.high is not None
    spread = np.sqrt((score * (1 - score)).sum()) / len(score)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * spread, rel=0.2)


def test_probabilities_that_do_not_come_true_tell_a_wrong_estimate() -> None:
    """Why models that are not calibrated are refused: the planted fault shows."""
    score = scores(5, 2000)
    decided = (score >= 0.5).astype(np.int64)
    truth = np.random.default_rng(6).random(2000) < score**3
    found = estimate(score, decided, seed=0)["f1"]
    assert found.low is not None
    assert not found.low <= f1_score(truth, decided)
