"""A version judged by things that are judged whole, beside the baseline and the champion."""

from dataclasses import dataclass

from ml.declaration.problem import Problem
from ml.evaluation.beside import BASELINE
from ml.evaluation.bootstrap import Interval, Measured, measure
from ml.evaluation.evaluate import evaluations_of
from ml.evaluation.report import TEST, Comparison, Report
from ml.evaluation.units import Units


@dataclass(frozen=True)
class RivalUnits:
    """What the champion ``name`` told of the same units, or the ``reason`` it told nothing.

    ``fresh`` says that it had learnt from none of what is judged.
    """

    name: str
    units: Units | None
    reason: str | None = None
    fresh: bool = True


def report_of(
    problem: Problem, ours: Units, baseline: Units, rival: RivalUnits | None, seed: int
) -> Report:
    """Return the metrics of all on the same units and resamples, and the gains over the others."""
    told = [ours, baseline] + ([rival.units] if rival and rival.units else [])
    mine, *others = measure(told, seed)
    evaluations = evaluations_of(TEST, mine, len(ours))
    for data, each in zip((BASELINE, "champion"), others, strict=False):
        evaluations += evaluations_of(data, each, len(ours))
    champion = None
    if rival is not None:
        gains = _gains(mine, others[1]) if rival.units else {}
        champion = Comparison(
            rival.name, gains, len(ours), None, rival.reason, rival.fresh, rival.units is not None
        )
    over_baseline = Comparison(BASELINE, _gains(mine, others[0]), len(ours))
    metric = problem.champion.metric or problem.success[0].metric
    return Report(evaluations, over_baseline, champion, metric=metric)


def _gains(ours: Measured, theirs: Measured) -> dict[str, Interval]:
    """Return the gains in what both have an interval of."""
    return {name: ours.gain(theirs, name) for name in ours.distances if name in theirs.distances}
