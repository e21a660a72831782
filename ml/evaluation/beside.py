"""A version beside the baseline and the champion: the same rows, the same resamples."""

import numpy as np

from ml.evaluation.bootstrap import Interval, Measurable, Measured, measure
from ml.evaluation.evaluate import Evaluation, evaluations_of
from ml.evaluation.report import Comparison
from ml.evaluation.rival import Rival
from ml.evaluation.segments import FEWEST_ROWS

BASELINE = "baseline"


def measure_beside(
    outcome: Measurable, baseline: Measurable, rival: Rival | None, seed: int
) -> tuple[list[Evaluation], tuple[Comparison, Comparison | None]]:
    """Return the metrics of all that told of the rows held out, and the gains over the others."""
    there = rival.outcome if rival else None
    others = [baseline] if there is None else [baseline, there]
    rows = len(outcome)
    ours, *theirs = measure([outcome, *others], seed)
    evaluations = evaluations_of("test", ours, rows)
    for data, each in zip((BASELINE, "champion"), theirs, strict=False):
        evaluations += evaluations_of(data, each, rows)
    over_baseline = Comparison(BASELINE, _gains(ours, theirs[0]), rows)
    if rival is None:
        return evaluations, (over_baseline, None)
    whole = None if there is None else _gains(ours, theirs[1])
    return evaluations, (over_baseline, _over_champion(outcome, rival, whole, seed))


def _over_champion(
    outcome: Measurable, rival: Rival, whole: dict[str, Interval] | None, seed: int
) -> Comparison:
    """Return the gains over the champion on the rows it has not learnt from, if there are enough.

    ``whole`` are the gains on all rows held out, None where it told of none.
    """
    name, rows = rival.version.name, len(outcome)
    if rival.outcome is None or whole is None:
        return Comparison(
            name, {}, rows, rival.share, rival.reason, fresh=False, usable=rival.usable
        )
    if rival.seen is None or not rival.seen.any():
        return Comparison(name, whole, rows, rival.share, fresh=rival.seen is not None)
    unseen = np.flatnonzero(~rival.seen)
    ours, theirs = outcome.rows(unseen), rival.outcome.rows(unseen)
    if len(unseen) < FEWEST_ROWS or not ours.is_measurable:
        return Comparison(name, whole, rows, rival.share, fresh=False)
    gains = _gains(*measure([ours, theirs], seed))
    return Comparison(name, gains, len(unseen), rival.share)


def _gains(ours: Measured, theirs: Measured) -> dict[str, Interval]:
    return {name: ours.gain(theirs, name) for name in ours.values if name in theirs.values}
