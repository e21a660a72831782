"""How like the real rows made-up ones are, column by column and pair by pair.

Beside each distance stands that of the rows held out, which are real: how far apart two samples of
the same people lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.metrics import Array
from ml.monitoring.distances import exact
from ml.monitoring.profile import CATEGORIES, SortedNumbers

# Pairs grow with the square of the columns: of more columns the first are paired.
MOST_PAIRED = 40
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Apart:
    """How far made-up rows lie from those learnt from in one or two columns.

    ``real`` is how far the rows held out do.
    """

    metric: str
    columns: tuple[str, ...]
    value: float
    real: float


def fidelity(
    names: Sequence[str], nominal: Sequence[bool], learnt: Array, held: Array, made: Array
) -> list[Apart]:
    """Compare rows [rows, columns], NaN missing.

    Of each column the total variation between bins (those that monitoring has of a number, by the
    rows learnt from, or the most frequent categories, missing by itself), for a number the
    Kolmogorov-Smirnov distance too; of each pair the total variation between pairs of bins and the
    difference of Cramer's V.
    """
    sides = (learnt, held, made)
    binned = [_binned(kind, *(side[:, at] for side in sides)) for at, kind in enumerate(nominal)]
    found = []
    for at, name in enumerate(names):
        found.append(_both("total_variation", (name,), [_counts(each) for each in binned[at]]))
        if not nominal[at]:
            base, old, new = (SortedNumbers.of(side[:, at]) for side in sides)
            found.append(Apart("kolmogorov_smirnov", (name,), _curve(base, new), _curve(base, old)))
    paired = min(len(names), MOST_PAIRED)
    for one in range(paired):
        for two in range(one + 1, paired):
            found += _pair((names[one], names[two]), binned[one], binned[two])
    return found


def _binned(nominal: bool, *sides: Array) -> list[Codes]:
    """Return the bin of each row of each side; the first side decides the bins."""
    base = sides[0][~np.isnan(sides[0])]
    if nominal:
        values, counts = np.unique(base, return_counts=True)
        return _own_bins(values[np.argsort(-counts, kind="stable")][:CATEGORIES], sides)
    profile = SortedNumbers.of(base).profile
    if profile.is_few:
        return _own_bins(profile.points, sides)
    edges = profile.edges if profile.there else base
    return [
        np.where(np.isnan(each), CATEGORIES + 1, np.searchsorted(edges, each)) for each in sides
    ]


def _own_bins(values: Array, sides: Sequence[Array]) -> list[Codes]:
    """Return the bin of each row: each of ``values`` has one, all others have one together."""
    known = np.sort(values)
    return [
        np.where(
            np.isin(each, known),
            np.searchsorted(known, each),
            np.where(np.isnan(each), CATEGORIES + 1, CATEGORIES),
        )
        for each in sides
    ]


def _counts(codes: Codes) -> Array:
    return np.bincount(codes, minlength=CATEGORIES + 2) / max(len(codes), 1)


def _both(metric: str, columns: tuple[str, ...], sides: Sequence[Array]) -> Apart:
    """Return the total variation of the shares of the made-up rows, and of those held out."""
    base, held, made = sides
    value, real = (float(np.abs(base - each).sum() / 2) for each in (made, held))
    return Apart(metric, columns, value, real)


def _curve(one: SortedNumbers, two: SortedNumbers) -> float:
    """Return the Kolmogorov-Smirnov distance of what is there, 0 where one side has nothing."""
    return exact(one.values, two.values)[0] if len(one.values) and len(two.values) else 0.0


def _pair(names: tuple[str, str], one: Sequence[Codes], two: Sequence[Codes]) -> list[Apart]:
    wide = CATEGORIES + 2
    tables = [
        np.bincount(a * wide + b, minlength=wide * wide).reshape(wide, wide).astype(np.float64)
        for a, b in zip(one, two, strict=True)
    ]
    shares = [table.ravel() / table.sum() for table in tables]
    related = [_cramers_v(table) for table in tables]
    return [
        _both("total_variation", names, shares),
        Apart("cramers_v", names, related[2] - related[0], related[1] - related[0]),
    ]


def _cramers_v(table: Array) -> float:
    """Return how strongly two columns are related, from 0 to 1 (Cramer 1946)."""
    used = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    least = min(used.shape) - 1
    if least < 1:
        return 0.0
    expected = used.sum(axis=1, keepdims=True) * used.sum(axis=0) / used.sum()
    return float(np.sqrt(((used - expected) ** 2 / expected).sum() / used.sum() / least))
