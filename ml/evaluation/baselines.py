"""What a model must beat: what is known without one."""

import numpy as np

from ml.data.features import Encoder, Matrix
from ml.errors import UsageError
from ml.evaluation.evaluate import Outcome
from ml.evaluation.metrics import Array, Codes
from ml.names import listed
from ml.spec import ModelSpec


def baseline_column(spec: ModelSpec, encoder: Encoder, classes: int) -> tuple[int, int] | None:
    """Return the position of the baseline's column and its sign, None for ``prior``.

    ``classes`` is 0 for a regression. Raises UsageError for a column that cannot be a score.
    """
    declared = spec.problem.baseline
    if declared == "prior":
        return None
    usable = [each.name for each in encoder.features if each.kind in ("number", "boolean")]
    name, sign = (declared, 1) if declared in usable else (declared.removeprefix("-"), -1)
    fix = f"fix problem.baseline in {spec.file}, then: dbt parse"
    if name not in usable or (name == declared and sign < 0):
        raise UsageError(
            f"problem.baseline is '{declared}', which is not a number or boolean among the "
            f"features of ML model '{spec.name}'; allowed: {listed(name, ['prior', *usable])}",
            fix=fix,
        )
    if classes > 2:
        raise UsageError(
            f"problem.baseline is the column '{declared}', but '{spec.train.label}' has {classes} "
            "classes, which one column cannot rank; allowed: prior",
            fix=fix,
        )
    return [each.name for each in encoder.features].index(name), sign


def baseline_outcome(
    column: tuple[int, int] | None,
    learnt: Codes | Array,
    truth: Codes | Array,
    matrix: Matrix,
    classes: int,
) -> Outcome:
    """Return what the baseline tells of the test rows.

    ``learnt`` are the labels of the training rows, ``truth`` those of the test rows, ``matrix``
    the test rows' features (empty for the prior), ``classes`` their number, 0 for a regression.
    """
    if column is None:
        if classes == 0:
            return Outcome(truth, np.full(len(truth), np.mean(learnt)))
        shares = np.bincount(np.asarray(learnt, dtype=np.int64), minlength=classes) / len(learnt)
        return Outcome(truth, np.tile(shares, (len(truth), 1)))
    position, sign = column
    score = sign * matrix[:, position]
    if classes == 0:
        return Outcome(truth, np.where(np.isnan(score), np.mean(learnt), score))
    # A row of which nothing is known comes last; the order alone counts.
    known = score[~np.isnan(score)]
    last = known.min() - 1 if len(known) else 0.0
    return Outcome(truth, np.where(np.isnan(score), last, score), only_ranks=True)
