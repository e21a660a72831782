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

    ``at`` is its position in both pools, one after the other; ``first`` and ``second`` count the
    rows of each pool that are equally near.
    """

    distance: Array
    at: Ints
    first: Ints
    second: Ints


def nearest(space: Space, rows: Array, first: Array, second: Array) -> Nearest:
    """Find the nearest of ``first`` and ``second`` to each of ``rows``, all as placed.

    The distance is the mean over the columns of 1 for two categories that differ, or where one is
    missing, and of the difference of two ranks. Memory does not grow with rows times rows.
    """
    pool = np.concatenate([first, second])
    distance, at = np.empty(len(rows)), np.empty(len(rows), np.int64)
    ties = np.empty((len(rows), 2), np.int64)
    _search(rows, pool, len(first), space.nominal, distance, at, ties)
    return Nearest(distance / rows.shape[1], at, ties[:, 0], ties[:, 1])


@kernel
def _search(
    rows: Array,
    pool: Array,
    first: int,
    nominal: npt.NDArray[np.bool_],
    distance: Array,
    nearest_at: Ints,
    ties: Ints,
) -> None:
    """Fill in, row by row; a real row is left as soon as it is farther than the nearest so far."""
    for number in range(rows.shape[0]):
        best, at, before, after = np.inf, 0, 0, 0
        for other in range(pool.shape[0]):
            apart = 0.0
            for column in range(rows.shape[1]):
                one, two = rows[number, column], pool[other, column]
                if one != one or two != two:
                    apart += 0.0 if one != one and two != two else 1.0
                elif nominal[column]:
                    apart += 0.0 if one == two else 1.0
                else:
                    apart += abs(one - two)
                if apart > best + 1e-9:
                    break
            if apart > best + 1e-9:
                continue
            if apart < best - 1e-9:
                best, at, before, after = apart, other, 0, 0
            if other < first:
                before += 1
            else:
                after += 1
        distance[number], nearest_at[number] = best, at
        ties[number, 0], ties[number, 1] = before, after
