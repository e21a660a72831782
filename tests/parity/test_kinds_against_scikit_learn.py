"""Clusters, components and isolation forests beside scikit-learn, which is asked by itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.ensemble import IsolationForest
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    roc_auc_score,
    silhouette_samples,
    silhouette_score,
)

from ml.compiled import compiled
from ml.compiled.perfect import Perfect
from ml.compiled.walk import Walk
from ml.data.features import Encoder, Feature
from ml.evaluation.anomalies import Anomalies
from ml.evaluation.clusters import Clusters
from ml.evaluation.components import Components
from ml.model import Model


def some_clusters(seed, rows=90, many=4):
    random = np.random.default_rng(seed)
    codes = random.integers(0, many, rows)
    return random.normal(size=(rows, 5)) + codes[:, None] * 1.5, codes


@pytest.mark.parametrize("seed", range(3))
def test_clusters_are_measured_as_scikit_learn_measures_them(seed):
    points, codes = some_clusters(seed)
    told = Clusters(points, codes).values()
    assert told["silhouette"] == pytest.approx(silhouette_score(points, codes))
    assert told["davies_bouldin"] == pytest.approx(davies_bouldin_score(points, codes))
    assert told["calinski_harabasz"] == pytest.approx(calinski_harabasz_score(points, codes))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), st.lists(st.integers(0, 3), min_size=30, max_size=30))
def test_a_weight_is_as_many_rows(seed, drawn):
    points, codes = some_clusters(seed, 30, 3)
    weights = np.array(drawn, dtype=np.float64)
    there = np.repeat(np.arange(30), drawn)
    if len(np.unique(codes[there])) < 2 or len(np.unique(codes[there])) == len(there):
        return
    told = {name: each[0] for name, each in Clusters(points, codes).metrics(weights[None]).items()}
    chosen = points[there], codes[there]
    assert told["davies_bouldin"] == pytest.approx(davies_bouldin_score(*chosen))
    assert told["calinski_harabasz"] == pytest.approx(calinski_harabasz_score(*chosen))


def test_the_silhouette_of_a_resample_is_that_of_a_loop_without_copies():
    points, codes = some_clusters(5, 40, 3)
    weights = np.random.default_rng(1).integers(0, 3, 40).astype(np.float64)
    told = Clusters(points, codes).metrics(weights[None])["silhouette"][0]
    expected = 0.0
    for at in np.flatnonzero(weights):
        apart = np.linalg.norm(points - points[at], axis=1)
        others = weights.copy()
        others[at] = 0
        means = np.array(
            [np.average(apart[codes == c], weights=others[codes == c]) for c in range(3)]
        )
        own, between = means[codes[at]], np.delete(means, codes[at]).min()
        expected += weights[at] * (between - own) / max(own, between)
    assert told == pytest.approx(expected / weights.sum())


def test_a_row_alone_and_one_cluster_are_as_scikit_learn_has_them():
    points = np.array([[0.0], [0.1], [5.0], [5.3], [50.0]])
    codes = np.array([0, 0, 1, 1, 2])
    told = Clusters(points, codes).values()["silhouette"]
    assert told == pytest.approx(silhouette_samples(points, codes).mean())
    assert np.isnan(Clusters(points, np.zeros(5, dtype=np.int64)).values()["silhouette"])


def test_what_components_keep_is_the_share_of_variance():
    points = np.random.default_rng(0).normal(size=(200, 4)) * [4, 2, 1, 0.5] + 3
    centered = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    away = np.linalg.norm(centered - centered @ axes[:2].T @ axes[:2], axis=1)
    told = Components(points, away).values()
    shares = np.linalg.svd(centered, compute_uv=False) ** 2
    assert told["explained_variance"] == pytest.approx(shares[:2].sum() / shares.sum())
    assert told["reconstruction_error"] == pytest.approx(np.sqrt(np.mean(away**2) / 4))


def test_anomalies_are_measured_as_scipy_and_scikit_learn_do():
    random = np.random.default_rng(0)
    score, other = random.random(300), random.random(300)
    truth = (random.random(300) < score).astype(np.int64)
    flagged = (score > 0.9).astype(np.int64)
    told = Anomalies(score, flagged, score + other, 0.1, truth).values()
    assert told["roc_auc"] == pytest.approx(roc_auc_score(truth, score))
    assert told["stability"] == pytest.approx(spearmanr(score, score + other).statistic)
    assert told["flagged_gap"] == pytest.approx(abs(flagged.mean() - 0.1))


def forest(seed, rows=400, width=6, **params):
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, width)).round(2)
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    made = IsolationForest(**{"n_estimators": 20, **params}, random_state=seed).fit(matrix)
    features = tuple(Feature(f"n{at}", "DOUBLE", "number") for at in range(width))
    return Model(Encoder(features), made, "anomaly_detection", threshold=0.5), matrix


@pytest.mark.parametrize(
    ("params", "laid"),
    [
        ({}, Perfect),
        ({"max_samples": 20}, None),
        ({"max_samples": 400, "max_features": 0.5}, Perfect),
        ({"bootstrap": True, "max_features": 3}, Perfect),
    ],
)
def test_an_isolation_forest_is_compiled_bit_for_bit(params, laid):
    model, matrix = forest(1, **params)
    made = compiled(model)
    assert laid is None or isinstance(made.made.laid, laid)
    asked = np.vstack([matrix, matrix + 1e-9, matrix * 40, np.full((1, 6), np.nan)])
    assert np.array_equal(made.tell_matrix(asked), -model.estimator.score_samples(asked))


def test_deeper_trees_are_walked_to_the_same_scores():
    model, matrix = forest(2, rows=3000, max_samples=3000, n_estimators=3)
    made = compiled(model)
    assert isinstance(made.made.laid, Walk)
    assert np.array_equal(made.tell_matrix(matrix), -model.estimator.score_samples(matrix))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**16), st.integers(1, 9), st.integers(2, 300))
def test_any_forest_and_any_number_of_rows_are_told_alike(seed, width, rows):
    model, matrix = forest(seed, rows=rows, width=width, n_estimators=5)
    assert np.array_equal(
        compiled(model).tell_matrix(matrix), -model.estimator.score_samples(matrix)
    )
