"""Columns as ranks: how many of the thresholds that the trees ask for lie below each value.

A value is compared with every threshold of its column once, by a binary search; the trees then
compare small whole numbers, or look them up. A missing value has the last rank.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from ml.metrics import Array

Ranks = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
MOST = 65_536


@dataclass(frozen=True)
class Ranker:
    """The ranks of one column.

    ``thresholds`` are those the trees ask for, ascending and distinct; a column of categories has
    none, and the rank of a category is its code, below ``codes``.
    """

    thresholds: Array
    codes: int = 0

    @property
    def missing(self) -> int:
        """The rank of a missing value; those of other values are below it."""
        return self.codes if self.codes else int(np.isfinite(self.thresholds).sum()) + 1

    @property
    def padded(self) -> Array:
        """The thresholds, endless ones after them, as many as a binary search halves evenly."""
        finite = self.thresholds[np.isfinite(self.thresholds)]
        size = 1 << max(int(len(finite)).bit_length(), 1)
        return np.concatenate([finite, np.full(size - len(finite), np.inf)])

    @property
    def representatives(self) -> Array:
        """A value of each rank, missing for the last."""
        if self.codes:
            return np.append(np.arange(self.codes, dtype=np.float64), np.nan)
        finite = self.thresholds[np.isfinite(self.thresholds)]
        return np.append(finite, [np.inf, np.nan])


def dtype_of(rankers: Sequence[Ranker]) -> type[np.uint8] | type[np.uint16] | None:
    """Return the narrowest type that holds every rank, None where there are too many."""
    most = max((ranker.missing for ranker in rankers), default=0)
    if most >= MOST:
        return None
    return np.uint8 if most < 256 else np.uint16


# Each step of the search goes over all rows, so that the processor's vector units take part; an
# unsigned index is never negative, and numba leaves out the test for it.
@numba.njit(cache=True, nogil=True)
def rank_numbers(values: Array, padded: Array, missing: int, out: Ranks) -> None:
    """Write the rank of each of ``values`` [rows] among ``padded`` to ``out`` [rows]."""
    rows, step = np.uint64(len(values)), np.uint32(len(padded) // 2)
    place = np.zeros(len(values), np.uint32)
    while step > 0:
        last = np.uint64(step - np.uint32(1))
        for row in range(rows):
            here = place[row]
            below = padded[np.uint64(here) + last] < values[row]
            place[row] = here + (step if below else np.uint32(0))
        step >>= np.uint32(1)
    for row in range(rows):
        value = values[row]
        out[row] = missing if value != value else place[row]


@numba.njit(cache=True, nogil=True)
def rank_codes(values: Array, missing: int, out: Ranks) -> None:
    """Write each code of ``values`` [rows] to ``out`` [rows]; what is no code is missing."""
    for row in range(len(values)):
        value = values[row]
        known = 0.0 <= value < missing
        out[row] = np.int64(value) if known else missing
