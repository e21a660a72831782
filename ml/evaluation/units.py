"""What was told of things judged whole, such as users or series: metrics as ratios of sums.

A user's ratings, or the hours of one forecast, hang together: to resample them one by one would
make intervals too narrow. So each unit brings sums, and resampling draws units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.evaluation.metrics import Array, Codes


@dataclass(frozen=True)
class Units:
    """The sums of each unit by metric: (above [units], below [units]).

    A metric is the sum of what is above over the sum of what is below, of those in ``roots`` its
    square root. What is ``fixed`` is told of all units together and has no interval.
    """

    sums: Mapping[str, tuple[Array, Array]]
    roots: frozenset[str] = frozenset(("rmse",))
    fixed: Mapping[str, float] | None = None

    def __len__(self) -> int:
        """Return the number of units."""
        return len(next(iter(self.sums.values()))[0])

    @property
    def width(self) -> int:
        """How many numbers a unit has for a metric."""
        return 1

    @property
    def is_measurable(self) -> bool:
        """Whether its metrics are defined."""
        return len(self) > 0

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return each metric for each row of ``weights`` [resamples, units]."""
        found = {}
        for name, (above, below) in self.sums.items():
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = (weights @ above) / (weights @ below)
            ratio = np.where(np.isfinite(ratio), ratio, np.nan)
            found[name] = np.sqrt(ratio) if name in self.roots else ratio
        return found

    def values(self) -> dict[str, float]:
        """Return each metric; one that is not defined is NaN."""
        found = self.metrics(np.ones((1, len(self))))
        return {name: float(each[0]) for name, each in found.items()} | dict(self.fixed or {})

    def rows(self, chosen: Codes) -> Units:
        """Return the units at the positions ``chosen``."""
        sums = {name: (above[chosen], below[chosen]) for name, (above, below) in self.sums.items()}
        return Units(sums, self.roots, self.fixed)
