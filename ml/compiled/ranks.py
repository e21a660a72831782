"""Columns as ranks: how many of the thresholds the trees compare with lie below a value.

A value is looked up once, however many nodes ask for its column; after that the trees compare
small whole numbers. A missing value has a rank of its own, the last one, so that it needs no
branch: a node sends to the right the ranks from one to another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.compiled.kernel import kernel
from ml.evaluation.metrics import Array
from ml.trees.tree import CODES, Flags, Tree, Trees, Whole

Ranks = npt.NDArray[np.unsignedinteger[Any]]
RankType = type[np.uint8] | type[np.uint16] | type[np.uint32]
Bits = npt.NDArray[np.uint8]

_MOST_BUCKETS = 1 << 20


@dataclass(frozen=True)
class Numbers:
    """The ranks of a column of numbers.

    ``thresholds`` are ``count`` numbers, ascending and distinct, and endless ones after them. The
    line from the first to the last is cut into buckets of one width; ``below`` [buckets] counts
    the thresholds in the buckets before each. Those of the bucket itself are fewer than twice
    ``step``. Bucket of a value: ``(value - low) * scale``, cut off.
    """

    thresholds: Array
    count: int
    below: npt.NDArray[np.uint32]
    step: int
    low: float
    scale: float

    @property
    def missing(self) -> int:
        """The rank of a missing value."""
        return self.count + 1

    def right(self, thresholds: Array, missing_left: Flags) -> tuple[Whole, Whole]:
        """Return the first and the last rank that nodes send to the right, both inclusive.

        ``thresholds`` and ``missing_left`` are the nodes' own; where the first is above the last,
        none is sent.
        """
        lows = np.searchsorted(self.thresholds[: self.count], thresholds) + 1
        return lows, self.missing - missing_left.astype(np.int64)


@dataclass(frozen=True)
class Codes:
    """The ranks of a column of categories: their codes, and the missing one."""

    missing: int = CODES


Ranker = Numbers | Codes


def rankers(trees: Trees) -> dict[int, Ranker]:
    """Return how to rank each column that the trees ask for."""
    asked: dict[int, list[Array]] = {}
    for tree in trees.each:
        for column in np.unique(tree.feature[tree.feature >= 0]):
            asked.setdefault(int(column), []).append(tree.threshold[tree.feature == column])
    return {
        column: Codes() if column in trees.categories else numbers(np.concatenate(thresholds))
        for column, thresholds in sorted(asked.items())
    }


def numbers(thresholds: Array) -> Numbers:
    """Return the ranks by ``thresholds``, in any order."""
    # A value is at most an endless threshold unless it is missing: that takes no rank.
    kept = np.unique(thresholds[thresholds < np.inf])
    buckets = min(1 << (8 * len(kept)).bit_length(), _MOST_BUCKETS)
    low, high = (float(kept[0]), float(kept[-1])) if len(kept) else (0.0, 0.0)
    with np.errstate(over="ignore", divide="ignore"):
        width = np.float64(high) - low
        is_line = 0 < width < np.inf and buckets / width < np.inf
    low, scale = (low, float(buckets / width)) if is_line else (0.0, 0.0)
    place = (kept - low) * scale
    found = np.where(place > 0, np.minimum(place, buckets - 1), 0).astype(np.int64)
    below = np.searchsorted(found, np.arange(buckets)).astype(np.uint32)
    most = int(np.bincount(found).max()) if len(kept) else 0
    step = 1 << (most.bit_length() - 1) if most else 0
    padded = np.concatenate([kept, np.full(2 * step, np.inf)])
    return Numbers(padded, len(kept), below, step, low, scale)


def narrowest(every: Sequence[Ranker], spare: int = 0) -> RankType:
    """Return the narrowest type for all ranks, ``spare`` values at its upper end left over."""
    most = max((ranker.missing for ranker in every), default=0) + spare
    if most <= np.iinfo(np.uint8).max:
        return np.uint8
    return np.uint16 if most <= np.iinfo(np.uint16).max else np.uint32


@kernel
def rank_numbers(  # type: ignore[no-untyped-def]
    values, thresholds, count, below, step, low, scale, narrow, out
) -> bool:
    """Write the rank of each of ``values`` [rows] to ``out`` [rows].

    Returns whether one of them is endless, with ``narrow`` as a float32.
    """
    last = np.float64(len(below) - 1)
    missing = np.uint64(count + 1)
    none, one, half = np.uint64(0), np.uint64(1), np.uint64(step)
    endless = False
    for row in range(len(values)):
        value = np.float64(np.float32(values[row])) if narrow else np.float64(values[row])
        endless |= abs(value) == np.inf
        # What is missing, and endless times 0, is not above 0 either.
        place = (value - low) * scale
        rank = np.uint64(below[np.uint64(min(place, last)) if place > 0.0 else none])
        size = half
        while size > none:
            rank += size if thresholds[rank + size - one] < value else none
            size >>= one
        out[row] = missing if value != value else rank
    return endless


@kernel
def rank_codes(values: Array, missing: int, out: Ranks) -> None:
    """Write each code of ``values`` [rows] to ``out`` [rows]; what is no code is missing."""
    for row in range(len(values)):
        value = np.float64(values[row])
        if 0.0 <= value < missing and value == np.floor(value):
            out[row] = np.uint64(value)
        else:
            out[row] = missing


@kernel
def blank(bits: Bits, offset: int, missing: int, out: Ranks) -> None:
    """Write ``missing`` to ``out`` [rows] where the bitmap, from bit ``offset`` on, has a zero."""
    for row in range(len(out)):
        at = np.uint64(offset + row)
        if not (bits[at >> np.uint64(3)] >> (at & np.uint64(7))) & 1:
            out[row] = missing


def goes_right(tree: Tree, node: int) -> Flags:
    """Return for each rank of a column of categories whether ``node`` sends it to the right."""
    return np.append(~tree.members[tree.member[node]], not tree.missing_left[node])
