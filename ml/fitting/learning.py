"""Learning once: an encoder and an estimator from some rows, nothing else known."""

import numpy as np

from ml import estimators
from ml.data.dataset import Rows, TrainingSet
from ml.data.features import Encoder, Inputs, fit_encoder
from ml.data.split import Positions, split_by_time
from ml.model import Model
from ml.spec import ModelSpec

# From so many rows on scikit-learn stops early unless told otherwise.
_STOPS_FROM = 10_000


def learn(spec: ModelSpec, found: TrainingSet, rows: Rows) -> Model:
    """Return encoder and estimator learnt from ``rows`` alone, neither calibrated nor decided.

    Raises PipelineError when the estimator cannot be fitted.
    """
    encoder = fit_encoder(
        found.features,
        rows.table,
        reads=estimators.reads(spec),
        most=estimators.most_categories(spec),
        at=rows.at,
    )
    ways = stop_split(spec, rows)
    if ways is None:
        inputs = encode(encoder, rows)
        estimator = estimators.fit(spec, encoder, inputs, rows.labels, found.classes)
    else:
        early, late = (rows.take(at) for at in ways)
        stop_on = (encode(encoder, late), late.labels)
        inputs = encode(encoder, early)
        estimator = estimators.fit(spec, encoder, inputs, early.labels, found.classes, stop_on)
    return Model(encoder, estimator, spec.task, found.classes)


def encode(encoder: Encoder, rows: Rows) -> Inputs:
    """Return the input for ``rows``, a matrix column by column, as fitting reads it."""
    return encoder.encode(rows.table, at=rows.at, order="F")


def stop_split(spec: ModelSpec, rows: Rows) -> tuple[Positions, Positions] | None:
    """Return which rows boosted trees learn from and which, the latest, say when it is enough.

    None where they do not stop early, or stop as scikit-learn does, on rows drawn at random: when
    the split is not by time, or a class is only among the latest.
    """
    params = spec.estimator.params
    early, share = params.get("early_stopping", "auto"), params.get("validation_fraction", 0.1)
    is_boosted = spec.estimator.preset == "boosted_trees" and spec.train.split.by == "time"
    if not is_boosted or rows.times is None or early is False or share is None:
        return None
    total = len(rows.labels)
    wanted = float(share) if isinstance(share, float) else int(str(share)) / total
    learnt, latest = split_by_time(rows.times, wanted)
    if not len(latest) or (early == "auto" and len(learnt) <= _STOPS_FROM):
        return None
    if spec.task == "classification":
        if len(np.unique(rows.labels[learnt])) < len(np.unique(rows.labels)):
            return None
    return learnt, latest
