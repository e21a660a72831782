"""Which rows are learnt from and which are held out; the same rows for the same data and seed."""

from typing import cast

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split

Positions = npt.NDArray[np.int64]
DAY = 86_400_000_000  # microseconds, as times are counted


def split_by_time(
    times: npt.NDArray[np.int64], test: float, embargo: int = 0
) -> tuple[Positions, Positions]:
    """Hold out the latest time values, whole ones, whose share of rows comes nearest ``test``.

    ``times`` [n] is any order-keeping number. Rows less than ``embargo`` before the first time
    held out are in neither part. Of two time values or more at least one is held out, and one
    is earlier; with one value nothing is held out. Returns the positions learnt from, held out.
    """
    values, counts = np.unique(times, return_counts=True)
    if len(values) < 2:
        return np.arange(len(times)), np.empty(0, dtype=np.int64)
    shares = np.cumsum(counts[::-1])[:-1] / len(times)
    held = int(np.argmin(np.abs(shares - test))) + 1
    cut = values[-held]
    return np.flatnonzero(times < cut - embargo), np.flatnonzero(times >= cut)


def split_at_random(
    rows: int, test: float, seed: int, classes: npt.NDArray[np.int64] | None
) -> tuple[Positions, Positions]:
    """Hold out a seeded share of ``rows`` positions, ``classes`` [rows] in equal shares if given.

    Raises ValueError where a class has fewer than two rows, or there are fewer rows than classes.
    """
    learnt, held = train_test_split(
        np.arange(rows), test_size=test, random_state=seed, stratify=classes
    )
    return cast(Positions, np.sort(learnt)), cast(Positions, np.sort(held))


def split_by_group(
    groups: npt.NDArray[np.int64], test: float, seed: int, classes: npt.NDArray[np.int64] | None
) -> tuple[Positions, Positions]:
    """Hold out whole ``groups`` [rows], drawn by seed, whose share of rows comes near ``test``.

    No single group moved to the other part would bring the share nearer; ``classes`` [rows] come
    in about equal shares. Raises ValueError for fewer than two groups.
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    many = len(sizes)
    if many < 2:
        raise ValueError("all rows are of one group; two or more are needed")
    codes = np.zeros(len(group), dtype=np.int64) if classes is None else classes
    kinds = int(codes.max()) + 1
    counts = np.bincount(group * kinds + codes, minlength=many * kinds).reshape(many, kinds)
    order = np.random.default_rng(seed).permutation(many)
    held = np.zeros(many, dtype=bool)
    held[order] = _drawn(counts[order], test)
    _draw_nearer(held, sizes, test * len(group))
    return np.flatnonzero(~held[group]), np.flatnonzero(held[group])


def _drawn(counts: npt.NDArray[np.int64], test: float) -> list[bool]:
    """Walk along ``counts`` [groups, classes], taking each group that keeps every class in share.

    A class is out of share by how many of its rows so far were taken too many or too few.
    """
    weights = (1 / np.maximum(counts.sum(axis=0), 1) ** 2).tolist()
    over = [0.0] * counts.shape[1]
    chosen = []
    for group in counts.tolist():
        left = [out - test * rows for out, rows in zip(over, group, strict=True)]
        taken = [out + rows for out, rows in zip(left, group, strict=True)]
        take = _square(taken, weights) < _square(left, weights)
        over = taken if take else left
        chosen.append(take)
    return chosen


def _square(values: list[float], weights: list[float]) -> float:
    return sum(weight * value * value for value, weight in zip(values, weights, strict=True))


def _draw_nearer(held: npt.NDArray[np.bool_], sizes: npt.NDArray[np.int64], wanted: float) -> None:
    """Move one group at a time, as long as that brings the rows held out nearer ``wanted``."""
    while True:
        rows = int(sizes[held].sum())
        moved = rows + np.where(held, -sizes, sizes)
        # A part without a group is no part.
        moved = np.where((moved == 0) | (moved == sizes.sum()), np.iinfo(np.int64).max, moved)
        best = int(np.argmin(np.abs(moved - wanted)))
        empty = not held.any() or held.all()
        if not empty and abs(moved[best] - wanted) >= abs(rows - wanted):
            return
        held[best] = not held[best]
