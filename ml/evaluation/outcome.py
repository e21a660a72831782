"""Rows with what is true of them and what was told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.evaluation.metrics import Array, Codes, classification, ranking, regression


@dataclass(frozen=True)
class Outcome:
    """Rows with what is true of them and what was told.

    ``truth`` [rows] holds class positions or numbers; ``told`` [rows, classes] probabilities, or
    [rows] numbers; with ``only_ranks`` a score [rows] whose order alone counts. ``decided`` [rows]
    are the positions of the classes told, by default the likeliest ones.
    """

    truth: Codes | Array
    told: Array
    only_ranks: bool = False
    decided: Codes | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.truth)

    @property
    def width(self) -> int:
        """How many numbers were told of a row."""
        return self.told.shape[1] if self.told.ndim == 2 else 1

    @property
    def is_measurable(self) -> bool:
        """Whether its metrics are defined: of classes there are two or more."""
        return self.told.ndim == 1 or len(np.unique(self.truth)) > 1

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return each metric for each row of ``weights`` [resamples, rows]."""
        if self.only_ranks:
            return ranking(np.asarray(self.truth, dtype=np.int64), self.told, weights)
        if self.told.ndim == 2:
            truth = np.asarray(self.truth, dtype=np.int64)
            return classification(truth, self.told, weights, self.decided)
        return regression(np.asarray(self.truth, dtype=np.float64), self.told, weights)

    def values(self) -> dict[str, float]:
        """Return each metric; one that is not defined is NaN."""
        found = self.metrics(np.ones((1, len(self.truth))))
        return {name: float(value[0]) for name, value in found.items()}

    def rows(self, chosen: Codes) -> Outcome:
        """Return the rows at the positions ``chosen``."""
        decided = None if self.decided is None else self.decided[chosen]
        return Outcome(self.truth[chosen], self.told[chosen], self.only_ranks, decided)
