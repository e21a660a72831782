"""Parts of a column's values that only one class has, however few rows they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.metrics import Codes
from ml.leaks.bounds import share_low

# So many values, the most frequent ones, are looked at one by one.
MOST_PARTS = 10
# A rarer value goes together with others like it, if at least 19 rows have it.
_ALIKE = 0.95

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Part:
    """The share ``met`` of class ``told`` among the ``rows`` that have one of ``codes``.

    With ``rest`` they are those that have none of them. ``low`` is the lower end of its interval.
    """

    low: float
    met: float
    rows: int
    told: int
    codes: tuple[int, ...]
    rest: bool


def purest(
    codes: Codes, labels: Codes, classes: int, held: Flags, missing: int, is_text: bool
) -> Part:
    """Return the part that is one class most surely, of classes that at most half the rows have.

    ``codes`` [rows] say what is equal, ``missing`` being the code of no value; ``labels`` [rows]
    are positions of ``classes``. A part is one of the ten most frequent values or no value, or all
    the others: no reason of leaving may be written as null, as 0 or as 'none'. Of text it is also
    all values that a class has alone on one half of the rows, which the other, ``held``, judges.
    """
    totals = np.bincount(labels, minlength=classes)
    rare = np.flatnonzero(totals <= len(labels) / 2)
    counts = np.bincount(codes, minlength=missing + 1)
    frequent = np.argsort(-counts, kind="stable")[:MOST_PARTS]
    found = []
    for code in sorted({*map(int, frequent), missing}):
        hits = np.bincount(labels[codes == code], minlength=classes)
        for is_rest, each in ((False, hits), (True, totals - hits)):
            found.append(_part(each, rare, (code,), is_rest))
    if is_text and np.count_nonzero(counts) > 2:
        found += _together(codes, labels, rare, held)
    return max(found)


def _part(hits: Counts, rare: Counts, codes: tuple[int, ...], is_rest: bool) -> Part:
    """Return the part in which so many rows are of each class, judged by its most frequent one."""
    rows = int(hits.sum())
    if not rows:
        return Part(0.0, 0.0, 0, int(rare[0]), codes, is_rest)
    told = int(rare[np.argmax(hits[rare])])
    best = int(hits[told])
    return Part(share_low(best, rows), best / rows, rows, told, codes, is_rest)


def _together(codes: Codes, labels: Codes, rare: Counts, held: Flags) -> Iterator[Part]:
    """Yield, for each class, the values that are its own where chosen, judged where ``held``."""
    many = int(codes.max()) + 1
    rows = np.bincount(codes[~held], minlength=many)
    for told in rare:
        hits = np.bincount(codes[~held & (labels == told)], minlength=many)
        chosen = hits >= _ALIKE * (rows + 1)
        judged = labels[held & chosen[codes]]
        if len(judged):
            best = int(np.count_nonzero(judged == told))
            low, met = share_low(best, len(judged)), best / len(judged)
            own = tuple(map(int, np.flatnonzero(chosen)))
            yield Part(low, met, len(judged), int(told), own, False)
