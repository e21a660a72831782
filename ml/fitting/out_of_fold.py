"""What is told of rows by models that have not learnt from them, fold by fold.

The encoder is learnt anew in each fold: no category, no word of a row judged is known to what
judges it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.data.dataset import Rows, TrainingSet
from ml.data.features import Inputs
from ml.data.folds import Fold, random_folds, time_folds
from ml.data.split import DAY, Positions
from ml.errors import PipelineError
from ml.evaluation.evaluate import Outcome
from ml.evaluation.metrics import Array
from ml.fitting.learning import learn
from ml.model import Model
from ml.spec import ModelSpec


@dataclass(frozen=True)
class OutOfFold:
    """Rows judged: their positions ``at``, ascending, the ``fold`` of each, what was ``told``.

    ``truth`` [judged] holds class positions or numbers, ``told`` [judged, classes] probabilities
    or [judged] numbers. By time the rows of the first block are not among them.
    """

    at: Positions
    fold: npt.NDArray[np.int64]
    truth: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    told: Array

    @property
    def folds(self) -> list[int]:
        """The numbers of the folds, from 0."""
        return [int(number) for number in np.unique(self.fold)]

    def outcome(self, fold: int | None = None) -> Outcome:
        """Return what is true and what was told, of one fold or of all."""
        chosen = slice(None) if fold is None else self.fold == fold
        return Outcome(self.truth[chosen], self.told[chosen])


def make_folds(spec: ModelSpec, found: TrainingSet, rows: Rows, count: int) -> list[Fold]:
    """Return ``count`` folds of ``rows``: by time where the split is, else dealt by seed.

    Raises PipelineError where there are too few rows, times, groups or rows of a class.
    """
    split = spec.train.split
    try:
        if split.by == "time" and rows.times is not None:
            return time_folds(rows.times, count, split.embargo_days * DAY)
        classes = rows.labels.astype(np.int64) if found.classes else None
        return random_folds(len(rows.labels), count, spec.estimator.seed, classes, rows.groups)
    except ValueError as error:
        raise PipelineError(
            f"the {len(rows.labels):,} rows of {found.source.relation} that are learnt from "
            f"cannot be cut into {count} folds: {error}",
            fix=f"ask for fewer folds in {spec.file}, or give {found.source.dbt_name} more rows",
        ) from None


def judge_folds(
    spec: ModelSpec,
    found: TrainingSet,
    rows: Rows,
    folds: list[Fold],
    before: Callable[[int], None] = lambda _: None,
) -> OutOfFold:
    """Learn from each fold what is told of the rows it judges; ``before`` hears its number.

    Raises PipelineError where a fold has one class only to learn from.
    """
    parts = []
    for number, fold in enumerate(folds):
        before(number)
        learnt = rows.take(fold.learnt)
        check_classes(spec, found, learnt, number, len(folds))
        model = learn(spec, found, learnt)
        inputs = model.encoder.encode(rows.table, at=rows.at[fold.judged])
        parts.append(tell_every_class(model, inputs))
    at = np.concatenate([fold.judged for fold in folds])
    numbers = np.repeat(np.arange(len(folds)), [len(fold.judged) for fold in folds])
    order = np.argsort(at, kind="stable")
    return OutOfFold(
        at[order], numbers[order], rows.labels[at[order]], np.concatenate(parts)[order]
    )


def tell_every_class(model: Model, inputs: Inputs) -> Array:
    """Return what ``model`` tells, with a column for each class, those it has not met at 0."""
    told = model.tell(inputs)
    known = getattr(model.estimator, "classes_", None)
    if not model.classes or known is None or len(known) == len(model.classes):
        return told
    every = np.zeros((len(told), len(model.classes)))
    every[:, np.asarray(known, dtype=np.int64)] = told
    return every


def check_classes(
    spec: ModelSpec, found: TrainingSet, learnt: Rows, number: int, folds: int
) -> None:
    """Raise PipelineError where fold ``number``, from 0, has one class only to learn from."""
    if not found.classes:
        return
    classes = np.unique(learnt.labels)
    if len(classes) < 2:
        raise PipelineError(
            f"fold {number + 1} of {folds} has {len(learnt.labels):,} rows of "
            f"{found.source.relation} to learn from, in all of which '{found.label_name}' is "
            f"'{found.classes[int(classes[0])]}'; two classes or more are needed",
            fix=f"ask for fewer folds in {spec.file}, or look at the rows of "
            f"{found.source.dbt_name}",
        )
