"""Learning without a label: clusters, components, isolation forests, from some rows alone."""

from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml import estimators
from ml.data.dataset import Rows, TrainingSet
from ml.data.features import fit_encoder
from ml.fitting.learning import encode
from ml.model import Model
from ml.spec import ModelSpec


def learn_unlabelled(spec: ModelSpec, found: TrainingSet, rows: Rows) -> Model:
    """Return encoder and estimator learnt from ``rows`` alone.

    Clusters are numbered by how many of the rows they have, most first. The threshold of an anomaly
    detection is the one declared, else where ``contamination`` puts it. Raises PipelineError when
    the estimator cannot be fitted.
    """
    encoder = fit_encoder(
        found.features,
        rows.table,
        reads="numbers",
        most=estimators.most_categories(spec),
        at=rows.at,
    )
    # In more threads than one sums come out in another order from one time to the next.
    with threadpool_limits(limits=1):
        estimator = estimators.fit(spec, encoder, encode(encoder, rows), rows.labels)
    model = Model(encoder, estimator, spec.task)
    if spec.task == "clustering":
        _number(estimator[-1])
    if spec.task == "anomaly_detection":
        return replace(model, threshold=_threshold(spec, estimator))
    return model


def _number(clusters: Any) -> None:
    """Order the fitted ``clusters`` by size, and drop what is of rows and of the machine."""
    sizes = np.bincount(clusters.labels_, minlength=len(clusters.cluster_centers_))
    order = np.argsort(-sizes, kind="stable")
    clusters.cluster_centers_ = np.ascontiguousarray(clusters.cluster_centers_[order])
    clusters.labels_ = np.empty(0, dtype=np.int32)
    clusters._n_threads = 1


def _threshold(spec: ModelSpec, forest: Any) -> float:
    """Return the score from which on a row is an anomaly."""
    declared = spec.estimator.decide
    if declared is not None and declared.threshold is not None:
        return declared.threshold
    return flags_from(forest)


def flags_from(forest: Any) -> float:
    """Return the score from which on the fitted ``forest`` itself says anomaly."""
    # scikit-learn flags what is above its offset; a threshold flags what is at it, too.
    return float(np.nextafter(-forest.offset_, np.inf))
