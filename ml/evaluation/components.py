"""How much of rows their components keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.evaluation.metrics import Array, Codes


@dataclass(frozen=True)
class Components:
    """Rows as ``points`` [rows, columns], and how far each lies from what is kept: ``away`` [rows].

    ``explained_variance`` is the share of the rows' variance that their components keep,
    ``reconstruction_error`` the root mean square of what they lose, a column.
    """

    points: Array
    away: Array

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.away)

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return int(self.points.shape[1])

    @property
    def is_measurable(self) -> bool:
        """Whether there are two rows or more."""
        return len(self) > 1

    def rows(self, chosen: Codes) -> Components:
        """Return the rows at the positions ``chosen``."""
        return Components(self.points[chosen], self.away[chosen])

    def values(self) -> dict[str, float]:
        """Return each metric; one that is not defined is NaN."""
        found = self.metrics(np.ones((1, len(self))))
        return {name: float(value[0]) for name, value in found.items()}

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return each metric for each row of ``weights`` [resamples, rows]."""
        rows = weights.sum(axis=1)
        lost = weights @ self.away**2
        centered = self.points - self.points.mean(axis=0)
        mean = weights @ centered / rows[:, None]
        whole = weights @ np.sum(centered**2, axis=1) - rows * np.sum(mean**2, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            kept = np.where(whole > 0, 1 - lost / whole, np.nan)
        return {
            "explained_variance": kept,
            "reconstruction_error": np.sqrt(lost / (rows * self.width)),
        }
