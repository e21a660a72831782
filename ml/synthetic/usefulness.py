"""What made-up rows are worth to learn from: train on synthetic, test on real."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ml.data.dataset import Rows
from ml.data.holdout import Parts
from ml.evaluation.bootstrap import Interval, measure
from ml.evaluation.metrics import Array
from ml.evaluation.outcome import Outcome
from ml.fitting.fit import fit_model
from ml.fitting.out_of_fold import tell_every_class
from ml.synthetic.table import LABEL, TIME, Real

CLASSES, NUMBERS = ("roc_auc", "average_precision", "log_loss"), ("rmse", "mae", "r2")


@dataclass(frozen=True)
class Worth:
    """A metric on the rows held out, learnt from made-up rows and learnt from real ones.

    ``gain`` is by how much the made-up ones are better, on the same resamples; negative if worse.
    """

    metric: str
    synthetic: Interval
    real: Interval
    gain: Interval


def usefulness(real: Real, made: Array) -> list[Worth]:
    """Fit boosted trees on ``made`` [rows, shapes] and on the rows learnt from, and judge both."""
    outcomes = [
        _told(real, replace(real.parts, learnt=_rows(real, made))),
        _told(real, real.parts),
    ]
    synthetic, own = measure(outcomes, real.spec.estimator.seed)
    return [
        Worth(name, synthetic.interval(name), own.interval(name), synthetic.gain(own, name))
        for name in (CLASSES if real.found.classes else NUMBERS)
    ]


def _told(real: Real, parts: Parts) -> Outcome:
    """Return what is told of the rows held out by the columns that are made, of any class."""
    kept = _kept(real)
    found = replace(real.found, features=tuple(real.found.features[at] for at in kept))
    learnt, held = (
        replace(rows, table=rows.table.select(kept)) for rows in (parts.learnt, parts.held)
    )
    model = fit_model(real.spec, found, Parts(learnt, held, parts.test_from)).model
    told = tell_every_class(model, model.encoder.encode(held.table, at=held.at))
    return Outcome(held.labels, told)


def _kept(real: Real) -> list[int]:
    """Return the positions of the features that are made and not missing throughout."""
    first = len(real.shapes) - len(real.found.features)
    return [
        at - first for at in real.made if at >= first and not np.isnan(real.learnt[:, at]).all()
    ]


def _rows(real: Real, made: Array) -> Rows:
    """Return made-up rows as the engine reads real ones."""
    first = len(real.shapes) - len(real.found.features)
    columns = []
    for at, shape in enumerate(real.shapes[first:], start=first):
        values = made[:, at]
        if shape.column.kind == "text":
            columns.append(as_text(shape.values or (), values))
        else:
            columns.append(pa.array(values))
    labels, times = made[:, 0], None
    if real.shapes[1].role == TIME:
        times = made[:, 1].astype(np.int64)
    assert real.shapes[0].role == LABEL
    table = pa.table(columns, names=real.parts.learnt.table.column_names)
    codes = labels.astype(np.int64) if real.found.classes else labels
    return Rows(table, np.arange(len(made)), codes, times)


def as_text(values: tuple[str, ...], codes: Array) -> pa.Array:
    """Return the value of each of ``codes``, null for NaN."""
    missing = np.isnan(codes)
    positions = pa.array(np.where(missing, 0, codes).astype(np.int64), mask=missing)
    return pa.array(values, pa.string()).take(positions)
