"""The nearest real rows of each row, over columns of both kinds (Gower's distance)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.compiled.kernel import kernel
from ml.evaluation.metrics import Array

Ints = npt.NDArray[np.int64]
# Sums of the same parts in another order differ by less than this.
EQUAL = 1e-9


@dataclass(frozen=True)
class Space:
    """What rows are compared by: of each number the real values, sorted; of a category nothing."""

    nominal: npt.NDArray[np.bool_]
    sorted_: tuple[Array, ...]

    @classmethod
    def of(cls, real: Array, nominal: Sequence[bool]) -> "Space":
        """Return the space of ``real`` [rows, columns]."""
        return cls(np.asarray(nominal), tuple(np.sort(c[~np.isnan(c)]) for c in real.T))

    def place(self, rows: Array) -> Array:
        """Return ``rows`` with each number as its rank among the real ones, from 0 to 1."""
        placed = rows.copy()
        for at, values in enumerate(self.sorted_):
            if self.nominal[at] or not len(values):
                continue
            there = ~np.isnan(rows[:, at])
            own = rows[there, at]
            middle = np.searchsorted(values, own, "left") + np.searchsorted(values, own, "right")
            placed[there, at] = middle / (2 * len(values))
        return np.ascontiguousarray(placed)


@dataclass(frozen=True)
class Nearest:
    """Of each row the distance to the nearest of two pools, one such row, and how many there are.

    ``next`` is the distance to the one after it, which may be the same. ``at`` is the position of
    the nearest in both pools, one after the other; ``first`` and ``second`` count the rows of each
    pool that are equally near.
    """

    distance: Array
    next: Array
    at: Ints
    first: Ints
    second: Ints

    @property
    def ratio(self) -> Array:
        """The nearest distance by the one after it: 0 for a row equal to a single one.

        1 where two are equally near, equal ones included.
        """
        alone = self.next > EQUAL
        ratio = np.divide(self.distance, self.next, out=np.ones(len(self.next)), where=alone)
        return np.where(alone & (self.distance <= EQUAL), 0.0, ratio)


def nearest(
    space: Space, rows: Array, first: Array, second: Array, own: Ints | None = None
) -> Nearest:
    """Find the nearest of ``first`` and ``second`` to each of ``rows``, all as placed.

    The distance is the mean over the columns of 1 for two categories that differ, or where one is
    missing, and of the difference of two ranks. ``own`` is the position at which each row stands
    itself, which is passed over; negative for none. Memory does not grow with rows times rows.
    """
    pool = np.concatenate([first, second])
    distances, at = np.empty((len(rows), 2)), np.empty(len(rows), np.int64)
    ties = np.empty((len(rows), 2), np.int64)
    passed = np.full(len(rows), -1) if own is None else own
    _search(rows, pool, len(first), space.nominal, passed, distances, at, ties)
    nearest_, after = (distances / rows.shape[1]).T
    return Nearest(nearest_, after, at, ties[:, 0], ties[:, 1])


@kernel
def _search(
    rows: Array,
    pool: Array,
    first: int,
    nominal: npt.NDArray[np.bool_],
    own: Ints,
    distances: Array,
    nearest_at: Ints,
    ties: Ints,
) -> None:
    """Fill in, row by row; a real row is left as soon as it is farther than the two nearest."""
    for number in range(rows.shape[0]):
        best, after, at, before, behind = np.inf, np.inf, 0, 0, 0
        for other in range(pool.shape[0]):
            if other == own[number]:
                continue
            apart = 0.0
            for column in range(rows.shape[1]):
                one, two = rows[number, column], pool[other, column]
                if one != one or two != two:
                    apart += 0.0 if one != one and two != two else 1.0
                elif nominal[column]:
                    apart += 0.0 if one == two else 1.0
                else:
                    apart += abs(one - two)
                if apart > after + 1e-9:
                    break
            if apart < after:
                after = max(apart, best)
            if apart > best + 1e-9:
                continue
            if apart < best - 1e-9:
                best, at, before, behind = apart, other, 0, 0
            if other < first:
                before += 1
            else:
                behind += 1
        distances[number, 0], distances[number, 1] = best, after
        nearest_at[number] = at
        ties[number, 0], ties[number, 1] = before, behind
