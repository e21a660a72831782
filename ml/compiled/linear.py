"""Linear models as one sum: imputer, scaler, one-hot encoder and weights folded into each other.

A number adds ``slope * value + offset``, or what stands for a missing one; a category adds what its
code looks up. The sum differs from scikit-learn's by rounding only (relative 1e-12 of its terms).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from ml.anatomy.cells import Cell, Filled, Is, Missing, Plain, Scaled
from ml.anatomy.linear import Linear
from ml.metrics import Array


@dataclass(frozen=True)
class Folded:
    """What each feature adds to each output: ``slopes``, ``offsets`` [features, outputs].

    ``missing`` [features, outputs] is added instead where it is missing; ``tables`` [codes,
    outputs], one a feature, are added to it by its code (empty for a number).
    """

    slopes: Array
    offsets: Array
    missing: Array
    tables: tuple[Array, ...]
    intercept: Array

    def add(self, columns: Sequence[Array], out: Array) -> None:
        """Add every feature's part for ``columns`` ([rows] each) to ``out`` [outputs, rows]."""
        for at, values in enumerate(columns):
            if len(self.tables[at]):
                _look_up(values, self.tables[at], self.missing[at], out)
            elif self.slopes[at].any() or self.missing[at].any() or self.offsets[at].any():
                _multiply(values, self.slopes[at], self.offsets[at], self.missing[at], out)


def fold(linear: Linear, codes: Sequence[int]) -> Folded | None:
    """Return ``linear`` folded; ``codes`` are how many a feature has, 0 for a number.

    None where a column of it is no formula that is known here.
    """
    features, outputs = len(codes), len(linear.weights)
    slopes, offsets, missing = (np.zeros((features, outputs)) for _ in range(3))
    tables = [np.zeros((count, outputs)) for count in codes]
    for cell, weights in zip(linear.columns, linear.weights.T, strict=True):
        at = cell.feature
        if codes[at]:
            each = cell.values(_matrix(np.arange(codes[at]), at, features))
            tables[at] += each[:, None] * weights
        elif _is_line(cell):
            # Through two points and not by differences of far ones, which would lose digits.
            slope, offset = _line(cell)
            slopes[at] += slope * weights
            offsets[at] += offset * weights
        else:
            return None
        missing[at] += cell.values(_matrix(np.array([np.nan]), at, features))[0] * weights
    return Folded(slopes, offsets, missing, tuple(tables), linear.intercept)


def _matrix(values: Array, at: int, features: int) -> Array:
    matrix = np.zeros((len(values), features))
    matrix[:, at] = values
    return matrix


def _is_line(cell: Cell) -> bool:
    """Whether what is not missing goes through ``cell`` as a straight line."""
    if isinstance(cell, Is):
        return False
    return isinstance(cell, Plain | Missing) or _is_line(cell.of)


def _line(cell: Cell) -> tuple[float, float]:
    """Return the slope and the offset of ``cell`` for a value that is not missing."""
    if isinstance(cell, Plain):
        return 1.0, 0.0
    if isinstance(cell, Filled):
        return _line(cell.of)
    if isinstance(cell, Scaled):
        slope, offset = _line(cell.of)
        return slope / cell.scale, (offset - cell.mean) / cell.scale
    return 0.0, 0.0


@numba.njit(cache=True, nogil=True)
def _multiply(values, slopes, offsets, missing, out):  # type: ignore[no-untyped-def]
    rows = np.uint64(len(values))
    for at in range(np.uint64(len(slopes))):
        slope, offset, gap, sums = slopes[at], offsets[at], missing[at], out[at]
        for row in range(rows):
            value = values[row]
            sums[row] += gap if value != value else slope * value + offset


@numba.njit(cache=True, nogil=True)
def _look_up(values, table, missing, out):  # type: ignore[no-untyped-def]
    rows, known = np.uint64(len(values)), float(len(table))
    for at in range(np.uint64(len(missing))):
        sums, gap = out[at], missing[at]
        for row in range(rows):
            value = values[row]
            found = 0.0 <= value < known
            sums[row] += table[np.uint64(value) if found else np.uint64(0), at] if found else gap
