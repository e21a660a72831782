"""What models learnt from each variant tell of the same rows, fold by fold or of the hold-out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml.data.features import missing_in
from ml.data.holdout import Parts
from ml.errors import PipelineError
from ml.evaluation.outcome import Outcome
from ml.experiment.change import Change
from ml.experiment.data import Data, Ground, Tell, changed
from ml.fitting.fit import fit_model
from ml.fitting.out_of_fold import check_classes, make_folds, tell_every_class

# As many folds as there are by default, where the rows can be cut into so many.
FOLDS = 5


@dataclass(frozen=True)
class Told:
    """What one variant tells of the rows judged, and what it learnt from, in the last fold."""

    outcome: Outcome
    rows: int
    columns: int
    left_out: int


def folds_of(ground: Ground, folds: int | None) -> list[Parts]:
    """Return the rows learnt from and judged, the same for every variant.

    Those judged are ``ground.parts.learnt`` in ``folds`` folds, each judged by models that have
    learnt from others; for 0 they are ``ground.parts.held``, and for None there are as many folds
    as the rows can be cut into, at most FOLDS, else the rows held out. Raises PipelineError where
    they cannot be cut so.
    """
    if folds == 0:
        return [ground.parts]
    rows = ground.parts.learnt
    for count in [folds] if folds else range(FOLDS, 1, -1):
        try:
            made = make_folds(ground.spec, ground.found, rows, count)
        except PipelineError as error:
            problem = error.problem
            continue
        return [Parts(rows.take(fold.learnt), rows.take(fold.judged), None) for fold in made]
    if folds is None and len(ground.parts.held.labels):
        return [ground.parts]
    raise PipelineError(problem, fix="leave --folds out: as many as can be, else the rows held out")


def told_of(
    ground: Ground,
    folds: Sequence[Parts],
    variants: Sequence[Change],
    seeds: Sequence[int],
    tell: Tell,
) -> list[list[Told]]:
    """Return what is told, by seed and variant, of the rows judged in ``folds``."""
    grounds = [replace(ground, parts=parts) for parts in folds]
    found = []
    for seed in seeds:
        found.append(
            [
                _told(grounds, change, seed, _numbered(tell, number, len(variants), change, seed))
                for number, change in enumerate(variants, start=1)
            ]
        )
    return found


def _numbered(tell: Tell, number: int, of: int, change: Change, seed: int) -> Tell:
    return lambda text: tell(f"{number} of {of}, {change.said}, seed {seed}: {text}")


def _told(grounds: Sequence[Ground], change: Change, seed: int, tell: Tell) -> Told:
    outcomes = []
    for number, ground in enumerate(grounds):
        fold = f"fold {number + 1} of {len(grounds)}, " if len(grounds) > 1 else ""
        data = changed(ground, change, seed, lambda text, fold=fold: tell(f"{fold}{text}"))  # type: ignore[misc]
        if len(grounds) > 1:
            data = _without_empty(data)
            check_classes(data.spec, data.found, data.parts.learnt, number, len(grounds))
        tell(f"{fold}{len(data.parts.learnt.labels):,} rows")
        outcomes.append(_outcome(data, seed))
    learnt = data.parts.learnt
    return Told(_joined(outcomes), len(learnt.labels), len(data.found.features), data.left_out)


def _without_empty(data: Data) -> Data:
    """Return ``data`` without the features that no row learnt from has in this fold."""
    learnt, held = data.parts.learnt, data.parts.held
    rows = len(learnt.labels)
    met = [
        at for at, values in enumerate(learnt.table.columns) if missing_in(values, learnt.at) < rows
    ]
    columns = tuple(data.found.features[at] for at in met)
    parts = Parts(
        replace(learnt, table=learnt.table.select(met)),
        replace(held, table=held.table.select(met)),
        None,
    )
    return replace(data, found=replace(data.found, features=columns), parts=parts).known()


def _outcome(data: Data, seed: int) -> Outcome:
    estimator = data.spec.estimator.model_copy(update={"seed": seed})
    spec = data.spec.model_copy(update={"estimator": estimator})
    model = fit_model(spec, data.found, data.parts).model
    held = data.parts.held
    told = tell_every_class(model, model.encoder.encode(held.table, at=held.at))
    return Outcome(held.labels, told, decided=model.decide(told) if model.classes else None)


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    decided = [each.decided for each in outcomes if each.decided is not None]
    return Outcome(
        np.concatenate([each.truth for each in outcomes]),
        np.concatenate([each.told for each in outcomes]),
        decided=np.concatenate(decided) if decided else None,
    )
