"""Learning once: an encoder and an estimator from some rows, nothing else known."""

import numpy as np

from ml import estimators
from ml.data.dataset import Rows, TrainingSet
from ml.data.features import Encoder, Inputs, fit_encoder
from ml.data.made_up import with_made_up
from ml.data.split import Positions, split_at_random, split_by_time
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
    the split is not by time, or a class is only among the latest. Beside made-up rows real ones
    say so, drawn at random where the split is not by time.
    """
    params = spec.estimator.params
    early, share = params.get("early_stopping", "auto"), params.get("validation_fraction", 0.1)
    by_time = spec.train.split.by == "time" and rows.times is not None
    is_boosted = spec.estimator.preset == "boosted_trees" and (by_time or rows.made_up is not None)
    if not is_boosted or early is False or share is None:
        return None
    real = rows.real
    total = len(real.labels)
    wanted = float(share) if isinstance(share, float) else int(str(share)) / total
    if by_time and real.times is not None:
        learnt, latest = split_by_time(real.times, wanted)
    else:
        learnt, latest = split_at_random(total, wanted, spec.estimator.seed, None)
    if rows.made_up is not None:
        real_at, made_at = np.flatnonzero(~rows.made_up), np.flatnonzero(rows.made_up)
        learnt, latest = with_made_up(made_at, real_at, learnt, latest)
    if not len(latest) or (early == "auto" and len(learnt) <= _STOPS_FROM):
        return None
    if spec.task == "classification":
        if len(np.unique(rows.labels[learnt])) < len(np.unique(rows.labels)):
            return None
    return learnt, latest
