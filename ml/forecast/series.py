"""Series on a regular grid, made of rows: gaps filled as declared, what cannot be used said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.evaluation.metrics import Array
from ml.forecast.grid import Grid, Moments

Gaps = Literal["interpolate", "zero", "last", "refuse"]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Series:
    """One series: its values at each step of a grid, from its first moment to its last.

    ``values`` [steps] have no gaps; ``there`` [steps] is whether a value was observed, ``gaps`` how
    the others were filled. Of a series that cannot be used ``trouble`` says why, and ``values`` are
    empty.
    """

    key: tuple[str, ...]
    grid: Grid
    values: Array
    there: Flags
    last: int
    gaps: Gaps
    trouble: str | None = None

    @property
    def name(self) -> str:
        """The key as people write it."""
        return ", ".join(self.key)

    def ahead(self, horizon: int) -> Moments:
        """Return the next ``horizon`` moments (microseconds UTC)."""
        steps, _ = self.grid.steps(np.array([self.last]))
        return self.grid.moments(steps[0] + np.arange(1, horizon + 1))

    def until(self, steps: int) -> Series:
        """Return the first ``steps`` of it as they were known then: nothing later fills a gap."""
        there = self.there[:steps]
        seen = np.flatnonzero(there)
        values = _filled(seen, self.values[seen], steps, self.gaps)
        last = int(self.grid.moments(np.array([steps - 1]))[0])
        return replace(self, values=values, there=there, last=last)


def series_of(
    key: tuple[str, ...], moments: Moments, values: Array, every: str, gaps: Gaps
) -> Series:
    """Return the series of ``values`` at ``moments`` (microseconds UTC), which are in order.

    NaN is a value that is not known. ``gaps`` says what stands at a step that has none: the line
    between its neighbours (the value before, where none comes after), zero, the value before, or
    that the series cannot be used.
    """
    grid = Grid(every, int(moments[0]))
    steps, on = grid.steps(moments)
    trouble = _trouble(moments, steps, on, values, every)
    if trouble is None:
        known = ~np.isnan(values)
        steps, values = steps[known], values[known]
        grid = Grid(every, int(moments[known][0]))
        steps = steps - steps[0]
        missing = int(steps[-1]) + 1 - len(steps)
        trouble = _too_many(missing, len(steps), every, gaps)
    last = int(moments[-1])
    if trouble is not None:
        return Series(key, grid, np.empty(0), np.empty(0, np.bool_), last, gaps, trouble)
    there = np.zeros(int(steps[-1]) + 1, dtype=np.bool_)
    there[steps] = True
    filled = _filled(steps, values, len(there), gaps)
    return Series(key, grid, filled, there, int(grid.moments(steps[-1:])[0]), gaps)


def _trouble(moments: Moments, steps: Moments, on: Flags, values: Array, every: str) -> str | None:
    """Return why rows make no series, and what to do about it."""
    if np.isnan(values).all():
        return "it has no value; leave it out, or mend the SQL that makes it"
    if np.isinf(values).any():
        at = shown(int(moments[np.isinf(values)][0]))
        return f"it is infinite at {at}; allowed: numbers and null"
    if not on.all():
        at = shown(int(moments[~on][0]))
        return (
            f"{at} is not a whole {every} after {shown(int(moments[0]))}; cut times to the "
            f"{every} in SQL (date_trunc), or fix train.series.every"
        )
    twice = np.flatnonzero(np.diff(steps) == 0)
    if len(twice):
        return (
            f"it has two values at {shown(int(moments[twice[0]]))}; make one of them in SQL "
            "(sum, avg, the last one)"
        )
    return None


def _too_many(missing: int, known: int, every: str, gaps: Gaps) -> str | None:
    if missing and gaps == "refuse":
        return f"{missing:,} {every}s are missing; fill them in SQL, or declare train.series.gaps"
    if missing > known:
        return (
            f"{missing:,} {every}s are missing and {known:,} are there; fix train.series.every, "
            "or fill them in SQL"
        )
    return None


def _filled(steps: Moments, values: Array, length: int, gaps: Gaps) -> Array:
    every = np.arange(length)
    if gaps == "zero":
        filled = np.zeros(length)
        filled[steps] = values
        return filled
    if gaps == "last":
        return np.asarray(values[np.searchsorted(steps, every, side="right") - 1])
    return np.asarray(np.interp(every, steps, values))


def shown(moment: int) -> str:
    """Return a moment (microseconds UTC) as people write it, without seconds that are none."""
    text = str(np.datetime64(moment, "us").astype("datetime64[s]")).replace("T", " ")
    return text.removesuffix(":00").removesuffix(" 00:00")


def usable(series: Sequence[Series]) -> list[Series]:
    """Return the series that can be forecast."""
    return [each for each in series if each.trouble is None]
