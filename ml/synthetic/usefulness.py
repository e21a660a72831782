"""What made-up rows are worth to learn from: train on synthetic, test on real."""

from dataclasses import dataclass, replace

import numpy as np

from ml.data.holdout import Parts
from ml.evaluation.bootstrap import Interval, measure
from ml.evaluation.metrics import Array
from ml.evaluation.outcome import Outcome
from ml.fitting.fit import fit_model
from ml.fitting.out_of_fold import tell_every_class
from ml.synthetic.table import Real

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
    names = real.parts.learnt.table.column_names
    outcomes = [
        _told(real, replace(real.parts, learnt=real.coding.rows(made, names))),
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
    first = real.coding.first
    return [
        at - first for at in real.made if at >= first and not np.isnan(real.learnt[:, at]).all()
    ]
