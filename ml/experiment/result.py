"""What came of an experiment: each change beside the model as it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ml.evaluation.bootstrap import Interval, Measured
from ml.experiment.change import Change

Verdict = Literal["better", "worse", "no difference", "cannot tell"]


@dataclass(frozen=True)
class Rung:
    """One variant: its metric, and by how much it is better than the model as it stands.

    ``gain`` is above 0 when it is better, whichever way the metric goes; None for the model as it
    stands itself. ``rows`` are learnt from, ``columns`` are its features, ``left_out`` counts the
    rows whose label is contradicted; all three in the last fold, with the first seed. ``each_seed``
    has the metric by seed.
    """

    change: Change
    value: Interval
    gain: Interval | None
    rows: int
    columns: int
    left_out: int
    each_seed: tuple[float, ...]


@dataclass(frozen=True)
class Experiment:
    """The ``rungs`` beside ``declared``, judged by ``metric`` on ``judged`` rows.

    These are of ``folds`` folds, or for 0 those that the split holds out. A gain less than
    ``matters`` either way makes no difference; ``seeds`` were averaged over.
    """

    model: str
    metric: str
    judged: int
    folds: int
    seeds: tuple[int, ...]
    matters: float
    declared: Rung
    rungs: tuple[Rung, ...]

    def verdict(self, rung: Rung) -> Verdict:
        """Return what the interval of the gain says of ``rung``."""
        gain = rung.gain
        if gain is None or gain.low is None or gain.high is None:
            return "cannot tell"
        if gain.low > 0:
            return "better"
        if gain.high < 0:
            return "worse"
        within = -self.matters <= gain.low and gain.high <= self.matters
        return "no difference" if within else "cannot tell"


def mean_of(each: Sequence[Measured]) -> Measured:
    """Return the mean over seeds of what was measured on the same rows and resamples."""
    values = {name: float(np.mean([one.values[name] for one in each])) for name in each[0].values}
    distances = {
        name: np.mean([one.distances[name] for one in each], axis=0) for name in each[0].distances
    }
    return Measured(values, distances)
