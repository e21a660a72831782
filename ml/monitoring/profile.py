"""What is kept of a column of some rows, so that later rows can be compared without these.

A profile has a bounded size whatever the rows: of a number up to 1,001 of its quantiles, with how
many rows lie below and up to each and the sum of those between; of a category its 1,000 most
frequent values with their counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

POINTS = 1000
BINS = 10
# Of so few values each has a bin of its own.
FEW = 20
CATEGORIES = 50
KNOWN = 1000
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Numbers:
    """A column of numbers: rising ``points`` [n] and what lies about them.

    ``below`` and ``upto`` [n] count the values less than, and not above, each point; ``sums`` [n]
    add up the values between a point and the one before it. ``missing`` are null, NaN or infinite.
    Where there are no more than 1,001 values the points are these, and nothing lies between.
    """

    points: Array
    below: Whole
    upto: Whole
    sums: Array
    missing: int
    mean: float | None
    spread: float | None

    @property
    def there(self) -> int:
        """How many rows have a value."""
        return int(self.upto[-1]) if len(self.upto) else 0

    @property
    def is_few(self) -> bool:
        """Whether each number has a bin of its own: they are few, and come twice each or more.

        Of a few rows that all differ nothing follows about which numbers are new.
        """
        counts = self.upto - self.below
        whole = counts.sum() == self.there
        return bool(whole and len(counts) <= min(FEW, self.there / 2))

    @property
    def edges(self) -> Array:
        """The upper ends of the bins but the last, where not each number has one: the deciles."""
        return np.unique([self.quantile(at / BINS) for at in range(1, BINS)])

    def quantile(self, share: float) -> float:
        """Return the least point with ``share`` of the values not above it."""
        at = np.searchsorted(self.upto, np.ceil(share * self.there - 1e-9))
        return float(self.points[min(int(at), len(self.points) - 1)])

    def counted(self, edges: Array) -> Array:
        """Return how many values lie in each bin of ``edges``, which are points of this."""
        upto = self.upto[np.searchsorted(self.points, edges)]
        return np.diff(np.concatenate([[0], upto, [self.there]])).astype(float)


@dataclass(frozen=True)
class Categories:
    """A column of text: how often each of its values occurs, the most frequent first.

    ``others`` counts the rows of the values that have no place any more, ``missing`` the nulls.
    """

    counts: Mapping[str, int]
    others: int
    missing: int

    @property
    def there(self) -> int:
        """How many rows have a value."""
        return sum(self.counts.values()) + self.others


Profile = Numbers | Categories


@dataclass(frozen=True)
class SortedNumbers:
    """A column of numbers at hand: its finite values in order, and how many rows have none."""

    values: Array
    missing: int

    @classmethod
    def of(cls, given: Array) -> SortedNumbers:
        """Sort ``given`` [rows], in which NaN and the infinite are missing."""
        there = np.isfinite(given)
        finite = given if there.all() else given[there]
        return cls(np.sort(finite), len(given) - len(finite))

    @property
    def profile(self) -> Numbers:
        """What is kept of it."""
        x = self.values
        points = _points(x)
        below, upto = np.searchsorted(x, points, "left"), np.searchsorted(x, points, "right")
        return Numbers(
            points,
            below,
            upto,
            between(x, below, upto),
            self.missing,
            float(x.mean()) if len(x) else None,
            _spread(x) if len(x) else None,
        )


@dataclass(frozen=True)
class CountedText:
    """A column of text at hand: each of its values with its count, and how many rows have none."""

    names: pa.Array
    counts: Whole
    missing: int

    @classmethod
    def of(cls, given: pa.ChunkedArray | pa.Array) -> CountedText:
        """Count the values of ``given``, which are text."""
        found = pc.value_counts(given)
        if isinstance(found, pa.ChunkedArray):
            found = found.combine_chunks()
        names, counts = found.field("values"), found.field("counts").to_numpy()
        there = pc.is_valid(names)
        missing = int(counts[~there.to_numpy(zero_copy_only=False)].sum())
        return cls(names.filter(there), counts[there.to_numpy(zero_copy_only=False)], missing)

    @property
    def profile(self) -> Categories:
        """What is kept of it."""
        ranked = sorted(
            zip(self.names.to_pylist(), self.counts.tolist(), strict=True),
            key=lambda each: (-each[1], each[0]),
        )
        others = sum(count for _, count in ranked[KNOWN:])
        return Categories(dict(ranked[:KNOWN]), others, self.missing)

    def of_names(self, names: list[str]) -> Array:
        """Return how often each of ``names`` occurs."""
        at = pc.index_in(pa.array(names, self.names.type), value_set=self.names)
        found = at.to_numpy(zero_copy_only=False)
        return np.array([0.0 if np.isnan(each) else self.counts[int(each)] for each in found])


AtHand = SortedNumbers | CountedText


def between(x: Array, below: Whole, upto: Whole) -> Array:
    """Return the sums of sorted ``x`` between each of some points and the one before it."""
    if not len(x) or not len(upto):
        return np.zeros(len(upto))
    starts = np.concatenate([[0], upto[:-1]])
    # Sums from each start to the next one, and of them those up to where the points begin.
    ends = np.stack([starts, below], axis=1).ravel()
    sums = np.add.reduceat(np.append(x, 0.0), ends)[::2]
    # Where nothing lies between, reduceat gives the value there.
    return np.where(below > starts, sums, 0.0)


def _spread(x: Array) -> float:
    """Return the standard deviation of ``x``, in fewer passes than numpy takes."""
    apart = x - x.mean()
    # Of values whose squares are no doubles it is endless, as numpy has it.
    return float(np.sqrt(np.dot(apart, apart) / len(x)))


def _points(x: Array) -> Array:
    """Return all values of sorted ``x`` where they are few, else quantiles in equal steps."""
    first = np.concatenate([[True], np.diff(x) > 0]) if len(x) else np.zeros(0, dtype=bool)
    if np.count_nonzero(first) <= POINTS + 1:
        return np.asarray(x[first], dtype=np.float64)
    at = np.ceil(np.arange(1, POINTS + 1) / POINTS * len(x) - 1e-9).astype(np.int64) - 1
    return np.unique(np.concatenate([x[:1], x[at]]))
