"""Every metric beside scikit-learn's own, weighted and not, with ties."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.evaluation.metrics import average_precision, classification, regression, roc_auc

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, classes, rows=60):
    """Probabilities with many ties, a truth that has every class, and weights."""
    random = np.random.default_rng(seed)
    shares = np.round(random.dirichlet(np.ones(classes), rows), 1) + 0.01
    shares /= shares.sum(axis=1, keepdims=True)
    truth = np.concatenate([np.arange(classes), random.integers(0, classes, rows - classes)])
    return truth, shares, random.integers(1, 5, rows).astype(np.float64)


def scikit_learn(truth, shares, weight):
    classes = shares.shape[1]
    told = shares.argmax(axis=1)
    if classes == 2:
        score = shares[:, 1]
        auc = sk.roc_auc_score(truth, score, sample_weight=weight)
        precision = sk.average_precision_score(truth, score, sample_weight=weight)
        f1 = sk.f1_score(truth, told, sample_weight=weight, zero_division=0)
        brier = sk.brier_score_loss(truth, score, sample_weight=weight)
    else:
        hits = np.eye(classes)[truth]
        # scikit-learn has no weights for multi_class="ovr"; its multilabel mean is the same.
        auc = sk.roc_auc_score(hits, shares, average="macro", sample_weight=weight)
        precision = sk.average_precision_score(hits, shares, sample_weight=weight)
        f1 = sk.f1_score(truth, told, average="macro", sample_weight=weight, zero_division=0)
        brier = sk.brier_score_loss(truth, shares, sample_weight=weight)
    return {
        "roc_auc": auc,
        "average_precision": precision,
        "log_loss": sk.log_loss(truth, shares, sample_weight=weight),
        "brier": brier,
        "accuracy": sk.accuracy_score(truth, told, sample_weight=weight),
        "f1": f1,
    }


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 5))
def test_classification_metrics_are_those_of_scikit_learn(seed, classes):
    truth, shares, weight = drawn(seed, classes)
    both = np.stack([np.ones(len(truth)), weight])
    ours = classification(truth, shares, both)
    for at, row in enumerate(both):
        for name, value in scikit_learn(truth, shares, row).items():
            assert ours[name][at] == pytest.approx(value, abs=1e-12), name


def test_the_roc_auc_of_more_classes_is_the_mean_over_one_against_the_rest():
    truth, shares, _ = drawn(1, 4)
    ours = classification(truth, shares, np.ones((1, len(truth))))["roc_auc"][0]
    assert ours == pytest.approx(sk.roc_auc_score(truth, shares, multi_class="ovr"), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_regression_metrics_are_those_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    truth, told = random.normal(size=50), random.normal(size=50)
    both = np.stack([np.ones(50), random.integers(1, 4, 50).astype(np.float64)])
    ours = regression(truth, told, both)
    for at, weight in enumerate(both):
        wanted = {
            "rmse": sk.root_mean_squared_error(truth, told, sample_weight=weight),
            "mae": sk.mean_absolute_error(truth, told, sample_weight=weight),
            "r2": sk.r2_score(truth, told, sample_weight=weight),
        }
        for name, value in wanted.items():
            assert ours[name][at] == pytest.approx(value, abs=1e-12), name


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_weights_count_rows_as_if_they_were_repeated(seed):
    truth, shares, weight = drawn(seed, 2)
    repeated = np.repeat(np.arange(len(truth)), weight.astype(int))
    for metric in (roc_auc, average_precision):
        once = metric(truth == 1, shares[:, 1], weight[None, :])
        often = metric(truth[repeated] == 1, shares[repeated, 1], np.ones((1, len(repeated))))
        assert once == pytest.approx(often, abs=1e-12)
