"""Which rows are learnt from and which are held out; the same rows for the same data and seed."""

from typing import cast

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split

Rows = npt.NDArray[np.int64]


def split_by_time(times: npt.NDArray[np.int64], test: float) -> tuple[Rows, Rows]:
    """Hold out the latest time values, whole ones, whose share of rows comes nearest ``test``.

    ``times`` [n] is any order-keeping number. Both parts hold at least one time value, if there
    are two; with one value nothing is held out. Returns the positions learnt from, held out.
    """
    values, counts = np.unique(times, return_counts=True)
    if len(values) < 2:
        return np.arange(len(times)), np.empty(0, dtype=np.int64)
    shares = np.cumsum(counts[::-1])[:-1] / len(times)
    held = int(np.argmin(np.abs(shares - test))) + 1
    cut = values[-held]
    return np.flatnonzero(times < cut), np.flatnonzero(times >= cut)


def split_at_random(
    rows: int, test: float, seed: int, classes: npt.NDArray[np.int64] | None
) -> tuple[Rows, Rows]:
    """Hold out a seeded share of ``rows`` positions, ``classes`` [rows] in equal shares if given.

    Raises ValueError where a class has fewer than two rows, or there are fewer rows than classes.
    """
    learnt, held = train_test_split(
        np.arange(rows), test_size=test, random_state=seed, stratify=classes
    )
    return cast(Rows, np.sort(learnt)), cast(Rows, np.sort(held))
