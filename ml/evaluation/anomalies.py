"""How far anomalies can be believed: by a label where there is one, by themselves where not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from ml.evaluation.metrics import Array, Codes, ranking


@dataclass(frozen=True)
class Anomalies:
    """Rows with how anomalous each is, ``score`` [rows], and whether it is ``flagged`` [rows].

    ``other`` [rows] is how anomalous another forest of the same rows finds them, ``expected`` the
    share that was declared to be flagged, NaN for none, ``truth`` [rows] 1 for a true anomaly, None
    where that is not known. The metrics: ``flagged_share``; ``flagged_gap``, how far that lies from
    ``expected``; ``stability``, the rank correlation of ``score`` and ``other`` (Spearman's, with
    the ranks among all rows); with ``truth`` the ROC AUC and the average precision of ``score``.
    """

    score: Array
    flagged: Codes
    other: Array
    expected: float
    truth: Codes | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.score)

    @property
    def width(self) -> int:
        """How many numbers were told of a row."""
        return 1

    @property
    def is_measurable(self) -> bool:
        """Whether its metrics are defined."""
        return self.truth is None or len(np.unique(self.truth)) > 1

    def rows(self, chosen: Codes) -> Anomalies:
        """Return the rows at the positions ``chosen``."""
        truth = None if self.truth is None else self.truth[chosen]
        return Anomalies(
            self.score[chosen], self.flagged[chosen], self.other[chosen], self.expected, truth
        )

    def values(self) -> dict[str, float]:
        """Return each metric; one that is not defined is NaN."""
        found = self.metrics(np.ones((1, len(self))))
        return {name: float(value[0]) for name, value in found.items()}

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return each metric for each row of ``weights`` [resamples, rows]."""
        share = weights @ self.flagged / weights.sum(axis=1)
        judged = {} if self.truth is None else ranking(self.truth, self.score, weights)
        return judged | {
            "flagged_share": share,
            "flagged_gap": np.abs(share - self.expected),
            "stability": _correlation(rankdata(self.score), rankdata(self.other), weights),
        }


@dataclass(frozen=True)
class Guesses:
    """What is known of rows without a forest: a ``score`` [rows] whose order alone counts.

    Without ``truth`` it is good for nothing that could be measured.
    """

    score: Array
    truth: Codes | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.score)

    @property
    def width(self) -> int:
        """How many numbers were told of a row."""
        return 1

    @property
    def is_measurable(self) -> bool:
        """Whether its metrics are defined."""
        return self.truth is not None and len(np.unique(self.truth)) > 1

    def rows(self, chosen: Codes) -> Guesses:
        """Return the rows at the positions ``chosen``."""
        return Guesses(self.score[chosen], None if self.truth is None else self.truth[chosen])

    def values(self) -> dict[str, float]:
        """Return each metric; one that is not defined is NaN."""
        found = self.metrics(np.ones((1, len(self))))
        return {name: float(value[0]) for name, value in found.items()}

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return each metric for each row of ``weights`` [resamples, rows]."""
        return {} if self.truth is None else ranking(self.truth, self.score, weights)


def _correlation(one: Array, other: Array, weights: Array) -> Array:
    """Return the weighted correlation of ``one`` and ``other`` [rows], NaN where constant."""
    rows = weights.sum(axis=1)
    first, second = one - one.mean(), other - other.mean()
    means = weights @ first / rows, weights @ second / rows
    both = weights @ (first * second) / rows - means[0] * means[1]
    spreads = [
        weights @ each**2 / rows - mean**2
        for each, mean in zip((first, second), means, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(both / np.sqrt(spreads[0] * spreads[1]), dtype=np.float64)
