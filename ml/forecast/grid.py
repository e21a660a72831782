"""Moments on a regular grid: hours, days, months …, counted so that neighbours differ by one."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Moments = npt.NDArray[np.int64]
_SECOND: Final = 1_000_000
# Steps of equal length, in microseconds, and steps by the calendar, in months.
FIXED: Final = {
    "minute": 60 * _SECOND,
    "hour": 3_600 * _SECOND,
    "day": 86_400 * _SECOND,
    "week": 7 * 86_400 * _SECOND,
}
CALENDAR: Final = {"month": 1, "quarter": 3, "year": 12}
EVERY: Final = (*FIXED, *CALENDAR)


@dataclass(frozen=True)
class Grid:
    """Steps of ``every`` that start at ``origin`` (microseconds UTC)."""

    every: str
    origin: int

    def steps(self, moments: Moments) -> tuple[Moments, npt.NDArray[np.bool_]]:
        """Return how many steps after the origin each moment is, and whether it is a whole one."""
        if self.every in FIXED:
            steps, rest = np.divmod(moments - self.origin, FIXED[self.every])
            return steps, rest == 0
        months, within = _months(moments)
        first, offset = _months(np.array([self.origin]))
        steps, rest = np.divmod(months - first[0], CALENDAR[self.every])
        return steps, (rest == 0) & (within == offset[0])

    def moments(self, steps: Moments) -> Moments:
        """Return the moments so many steps after the origin."""
        if self.every in FIXED:
            return self.origin + steps * FIXED[self.every]
        first, offset = _months(np.array([self.origin]))
        months = (first[0] + steps * CALENDAR[self.every]).astype("datetime64[M]")
        return np.asarray(months.astype("datetime64[us]").astype(np.int64) + offset[0])


def _months(moments: Moments) -> tuple[Moments, Moments]:
    """Return the month of each moment since 1970, and how far within it the moment is."""
    months = moments.astype("datetime64[us]").astype("datetime64[M]")
    starts = months.astype("datetime64[us]").astype(np.int64)
    return months.astype(np.int64), moments - starts
