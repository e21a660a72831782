"""Folds: parts of the rows learnt from, each judged by a model that has learnt from others."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from ml.data.split import Positions


@dataclass(frozen=True)
class Fold:
    """The positions learnt from and the positions judged, both ascending."""

    learnt: Positions
    judged: Positions


def time_folds(times: npt.NDArray[np.int64], count: int, embargo: int = 0) -> list[Fold]:
    """Cut ``times`` [rows] into ``count`` + 1 blocks of whole values; each but the first is judged.

    A block is judged by all that lies before it, rows less than ``embargo`` before it left out.
    The cuts are those, in order, nearest to equal blocks. Raises ValueError for too few values.
    """
    values, counts = np.unique(times, return_counts=True)
    if len(values) <= count:
        raise ValueError(f"there are {len(values)} different times; {count + 1} are needed")
    before = np.cumsum(counts)
    cuts: list[int] = []
    for number in range(1, count + 1):
        least, most = (cuts[-1] + 1 if cuts else 1), len(values) - (count - number)
        wanted = len(times) * number / (count + 1)
        cuts.append(least + int(np.argmin(np.abs(before[least - 1 : most - 1] - wanted))))
    starts, ends = values[cuts], [*values[cuts[1:]], None]
    folds = [_between(times, start, end, embargo) for start, end in zip(starts, ends, strict=True)]
    if any(not len(fold.learnt) for fold in folds):
        raise ValueError("the embargo leaves a fold nothing to learn from")
    return folds


def _between(times: npt.NDArray[np.int64], start: int, end: int | None, embargo: int) -> Fold:
    judged = times >= start if end is None else (times >= start) & (times < end)
    return Fold(np.flatnonzero(times < start - embargo), np.flatnonzero(judged))


def random_folds(
    rows: int,
    count: int,
    seed: int,
    classes: npt.NDArray[np.int64] | None = None,
    groups: npt.NDArray[np.int64] | None = None,
) -> list[Fold]:
    """Deal ``rows`` positions by seed into ``count`` folds, each judged by all the others.

    ``classes`` [rows] come in equal shares, rows of one of ``groups`` [rows] stay together.
    Raises ValueError where a class has fewer rows, or there are fewer groups, than folds.
    """
    if rows < count:
        raise ValueError(f"there are {rows} rows for {count} folds")
    if groups is not None and len(np.unique(groups)) < count:
        raise ValueError(f"there are {len(np.unique(groups))} groups for {count} folds")
    if classes is not None:
        least = int(np.bincount(classes)[np.unique(classes)].min())
        if least < count:
            raise ValueError(f"a class has {least} rows for {count} folds")
    dealt = _dealer(count, seed, classes is not None, groups is not None)
    ways = dealt.split(np.zeros(rows), classes, groups)
    return [Fold(np.sort(learnt), np.sort(judged)) for learnt, judged in ways]


def _dealer(count: int, seed: int, classes: bool, groups: bool) -> KFold:
    if groups:
        kind = StratifiedGroupKFold if classes else GroupKFold
    else:
        kind = StratifiedKFold if classes else KFold
    return kind(n_splits=count, shuffle=True, random_state=seed)


def sample(
    rows: int, wanted: int, seed: int, classes: npt.NDArray[np.int64] | None, least: int = 20
) -> Positions:
    """Return about ``wanted`` of ``rows`` positions, ascending, drawn by seed.

    Of each of ``classes`` [rows] the same share, but never fewer than ``least`` rows it has.
    """
    shuffled = np.random.default_rng(seed).permutation(rows)
    kinds = np.zeros(rows, dtype=np.int64) if classes is None else classes
    kept = []
    for code in np.unique(kinds):
        own = shuffled[kinds[shuffled] == code]
        kept.append(own[: max(-(-len(own) * wanted // rows), least)])
    return np.sort(np.concatenate(kept))
