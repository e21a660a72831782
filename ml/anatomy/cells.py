"""What an estimator reads: each of its columns as a formula of one feature of the encoder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.evaluation.metrics import Array


@dataclass(frozen=True)
class Plain:
    """Feature number ``feature`` as the encoder gives it; missing is NaN."""

    feature: int

    @property
    def reference(self) -> float:
        """The value a contribution is measured from."""
        return 0.0

    def values(self, matrix: Array) -> Array:
        """Return the column for ``matrix`` [rows, features]."""
        return np.asarray(matrix[:, self.feature], dtype=np.float64)


@dataclass(frozen=True)
class Filled:
    """A cell whose missing values are ``fill``."""

    of: Cell
    fill: float

    @property
    def feature(self) -> int:
        """The feature it is made of."""
        return self.of.feature

    @property
    def reference(self) -> float:
        """The fill: the mean of the rows learnt from, where a mean fills."""
        return self.fill

    def values(self, matrix: Array) -> Array:
        """Return the column for ``matrix`` [rows, features]."""
        found = self.of.values(matrix)
        return np.where(np.isnan(found), self.fill, found)


@dataclass(frozen=True)
class Missing:
    """1 where a cell is missing, else 0."""

    of: Cell

    @property
    def feature(self) -> int:
        """The feature it is made of."""
        return self.of.feature

    @property
    def reference(self) -> float:
        """What is not missing."""
        return 0.0

    def values(self, matrix: Array) -> Array:
        """Return the column for ``matrix`` [rows, features]."""
        return np.isnan(self.of.values(matrix)).astype(np.float64)


@dataclass(frozen=True)
class Scaled:
    """A cell less ``mean``, divided by ``scale``."""

    of: Cell
    mean: float
    scale: float

    @property
    def feature(self) -> int:
        """The feature it is made of."""
        return self.of.feature

    @property
    def reference(self) -> float:
        """The mean of the rows learnt from, scaled."""
        return 0.0

    def values(self, matrix: Array) -> Array:
        """Return the column for ``matrix`` [rows, features]."""
        return np.asarray((self.of.values(matrix) - self.mean) / self.scale, dtype=np.float64)


@dataclass(frozen=True)
class Is:
    """1 where a cell equals ``value`` (NaN for missing), else 0; one of ``siblings`` columns."""

    of: Cell
    value: float
    siblings: int = 1

    @property
    def feature(self) -> int:
        """The feature it is made of."""
        return self.of.feature

    @property
    def reference(self) -> float:
        """The share of one category if all were as frequent; the estimator keeps no counts."""
        return 1 / self.siblings

    def values(self, matrix: Array) -> Array:
        """Return the column for ``matrix`` [rows, features]."""
        found = self.of.values(matrix)
        same = np.isnan(found) if np.isnan(self.value) else found == self.value
        return same.astype(np.float64)


Cell = Plain | Filled | Missing | Scaled | Is
Cells = tuple[Cell, ...]
