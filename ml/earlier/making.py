"""Fitting the earlier models of a version: each on what came before a part of the rows."""

from datetime import datetime, timedelta

import numpy as np

from ml.data.dataset import Rows, TrainingSet
from ml.data.holdout import Parts
from ml.earlier.kept import EarlierModel
from ml.errors import PipelineError
from ml.fitting.fit import fit_rows
from ml.fitting.out_of_fold import make_folds
from ml.fitting.tuning import Tell
from ml.model import Model
from ml.spec import ModelSpec


def make_earlier(
    spec: ModelSpec, found: TrainingSet, parts: Parts, tell: Tell = lambda _: None
) -> tuple[EarlierModel, ...]:
    """Return the earlier models that ``score.as_feature`` asks for, the version itself last.

    The rows learnt from are cut by time into one part more than there are folds. For each part
    but the first the declaration is fitted on what came before it, the embargo left out; it tells
    from the first time of that part on, the version itself from the first time held out. A part
    before which not every class was met has no model of its own. Without ``score.as_feature``
    there are none at all.

    Raises PipelineError for rows that cannot be cut into so many parts.
    """
    asked, rows, test_from = spec.score.as_feature, parts.learnt, parts.test_from
    if asked is None or rows.times is None or test_from is None:
        return ()
    made = []
    for fold in make_folds(spec, found, rows, asked.folds):
        learnt, start = rows.take(fold.learnt), _moment(rows.times[fold.judged].min())
        if found.classes and len(np.unique(learnt.labels)) < len(np.unique(rows.labels)):
            continue
        tell(f"fitting {spec.name} as of {start:%Y-%m-%d} on {len(learnt.labels):,} rows")
        made.append(_made(start, learnt, _fitted(spec, found, learnt, start)))
    return (*made, _made(test_from, rows, None))


def _fitted(spec: ModelSpec, found: TrainingSet, learnt: Rows, start: datetime) -> Model:
    try:
        return fit_rows(spec, found, learnt)
    except PipelineError as error:
        told = f"the model as of {start:%Y-%m-%d} that score.as_feature asks for: {error.problem}"
        raise PipelineError(told, fix=error.fix) from error


def _made(start: datetime, learnt: Rows, model: Model | None) -> EarlierModel:
    assert learnt.times is not None  # only rows with times are cut by them
    return EarlierModel(start, _moment(learnt.times.max()), len(learnt.labels), model)


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=int(microseconds))
