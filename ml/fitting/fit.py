"""Fitting: from the rows learnt from to a model that tells."""

from dataclasses import dataclass, replace

import numpy as np

from ml.data.dataset import Rows, TrainingSet
from ml.data.features import infinite, missing_in
from ml.data.holdout import Parts
from ml.data.side_by_side import side_by_side
from ml.errors import PipelineError, UsageError
from ml.evaluation.evaluate import Evaluation, evaluate
from ml.evaluation.metrics import Array, Codes
from ml.fitting.calibration import fit_calibration
from ml.fitting.learning import learn
from ml.fitting.out_of_fold import OutOfFold, judge_folds, make_folds
from ml.fitting.threshold import cheapest
from ml.fitting.tuning import Tell, Trial, tuned
from ml.model import Model
from ml.spec import ModelSpec

FOLDS = 5


@dataclass(frozen=True)
class Fit:
    """A fitted ``model`` and what was done to come to it.

    ``spec`` is the declaration with the parameters chosen. ``out_of_fold`` is what was told, out
    of fold and calibrated, of the rows learnt from; None where nobody asked for it.
    """

    model: Model
    spec: ModelSpec
    trials: tuple[Trial, ...] = ()
    out_of_fold: OutOfFold | None = None

    def judged(self, parts: Parts) -> tuple[Parts, Array | None]:
        """Return the parts to judge on and, where nothing is held out, what was told of them."""
        if self.spec.train.split.by != "none" or self.out_of_fold is None:
            return parts, None
        return replace(parts, held=parts.learnt.take(self.out_of_fold.at)), self.out_of_fold.told


def fit_model(
    spec: ModelSpec, found: TrainingSet, parts: Parts, tell: Tell = lambda _: None
) -> Fit:
    """Return the model that ``spec`` declares, fitted on ``parts.learnt`` alone.

    ``tell`` hears how far it is. Raises PipelineError for features of which nothing can be learnt
    and for rows that cannot be cut into the folds asked for; UsageError for a threshold where
    there are more than two classes.
    """
    _check_decide(spec, found)
    check_features(found, parts)
    rows = parts.learnt
    spec, trials = tuned(spec, found, rows, tell)
    told = _Told(spec, found, rows, tell)
    tell(f"fitting {spec.name} on {len(rows.labels):,} rows")
    model = _fitted(spec, found, rows, told)
    asked = spec.train.validate_ is not None or spec.train.split.by == "none"
    out_of_fold = _cross_calibrated(spec, told.of(validate_folds(spec))) if asked else None
    return Fit(model, spec, trials, out_of_fold)


def fit_rows(spec: ModelSpec, found: TrainingSet, rows: Rows) -> Model:
    """Return the model that ``spec`` declares, calibrated and decided, of ``rows`` alone."""
    return _fitted(spec, found, rows, _Told(spec, found, rows, lambda _: None))


def validate_folds(spec: ModelSpec) -> int:
    """Return how many folds judge the rows learnt from."""
    return spec.train.validate_.folds if spec.train.validate_ else FOLDS


def validation(out_of_fold: OutOfFold) -> list[Evaluation]:
    """Return each metric's mean over the folds, and each fold's own as a segment.

    ``low`` and ``high`` of the mean are the least and the greatest fold: no interval of
    confidence, for the folds share rows to learn from, but how far the metric strays.
    """
    found: dict[str, list[float]] = {}
    each_fold = []
    for number in out_of_fold.folds:
        for one in evaluate("validation", out_of_fold.outcome(number)):
            each_fold.append(replace(one, segment=f"fold={number + 1}"))
            if one.value is not None:
                found.setdefault(one.metric, []).append(one.value)
    mean = [
        Evaluation("validation", name, float(np.mean(values)), min(values), max(values))
        for name, values in found.items()
    ]
    return mean + each_fold


class _Told:
    """What is told out of fold, worked out once for each number of folds."""

    def __init__(self, spec: ModelSpec, found: TrainingSet, rows: Rows, tell: Tell) -> None:
        self._of = (spec, found, rows)
        self._tell = tell
        self._made: dict[int, OutOfFold] = {}

    def of(self, count: int) -> OutOfFold:
        """Return what ``count`` folds tell."""
        if count not in self._made:
            spec, found, rows = self._of
            folds = make_folds(spec, found, rows, count)

            def before(number: int) -> None:
                self._tell(f"fitting {spec.name}, fold {number + 1} of {count}")

            self._made[count] = judge_folds(spec, found, rows, folds, before)
        return self._made[count]


def _fitted(spec: ModelSpec, found: TrainingSet, rows: Rows, told: _Told) -> Model:
    return _decided(spec, _calibrated(spec, learn(spec, found, rows), told), told)


def _calibrated(spec: ModelSpec, model: Model, told: _Told) -> Model:
    asked = spec.estimator.calibrate
    if asked is None:
        return model
    out = told.of(asked.folds)
    return replace(model, calibration=fit_calibration(asked.method, _codes(out.truth), out.told))


def _cross_calibrated(spec: ModelSpec, told: OutOfFold) -> OutOfFold:
    """Calibrate each fold by the scores of the others, so that none is judged by its own curve."""
    asked = spec.estimator.calibrate
    if asked is None:
        return told
    calibrated = np.empty_like(told.told)
    for number in told.folds:
        own = told.fold == number
        curve = fit_calibration(asked.method, _codes(told.truth[~own]), told.told[~own])
        calibrated[own] = curve.apply(told.told[own])
    return replace(told, told=calibrated)


def _codes(truth: Codes | Array) -> Codes:
    return np.asarray(truth, dtype=np.int64)


def _decided(spec: ModelSpec, model: Model, told: _Told) -> Model:
    decide, calibrate = spec.estimator.decide, spec.estimator.calibrate
    if decide is None:
        return model
    if decide.cost is None:
        return replace(model, threshold=decide.threshold)
    out = told.of(calibrate.folds if calibrate else validate_folds(spec))
    scores = model.calibrated(out.told)[:, 1]
    return replace(model, threshold=cheapest(decide.cost, _codes(out.truth), scores))


def _check_decide(spec: ModelSpec, found: TrainingSet) -> None:
    if spec.estimator.decide is not None and len(found.classes) != 2:
        raise UsageError(
            f"estimator.decide of ML model '{spec.name}' sets a threshold, but label "
            f"'{found.label_name}' has {len(found.classes)} classes: {', '.join(found.classes)}; "
            "allowed: with two classes only",
            fix=f"take estimator.decide out of {spec.file}, then: dbt parse",
        )


def check_features(found: TrainingSet, parts: Parts) -> None:
    """Refuse features nothing can be learnt of."""
    columns, learnt = found.features, parts.learnt
    fix = f"leave it out or mend it in the SQL of {found.source.dbt_name}, then: "
    fix += found.source.build
    endless = infinite(columns, learnt.table)
    if endless:
        raise PipelineError(
            f"feature '{endless[0]}' is infinite in rows of {found.source.relation} (a division "
            "by zero?); allowed: finite numbers and null",
            fix=fix,
        )
    rows = len(learnt.at)
    missing = side_by_side(
        lambda values: missing_in(values, learnt.at), learnt.table.columns, learnt.table.num_rows
    )
    empty = [column.name for column, count in zip(columns, missing, strict=True) if count == rows]
    if empty:
        named = ", ".join(f"'{name}'" for name in empty)
        raise PipelineError(
            f"feature {named} is null in all {rows:,} rows of "
            f"{found.source.relation} that are learnt from; nothing can be learnt of it",
            fix=fix,
        )
