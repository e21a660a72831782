"""Whether made-up rows copy real ones: nearest real rows learnt from, beside those held out.

A row held out is as near to the people of the training set as a stranger is. Were no row copied,
a made-up row's nearest real row would be one learnt from as often as these are of all real rows;
how much oftener it is tells the share of rows that are copies. That needs no faith in the generator
and many rows; few copies are told by whom they single out (:mod:`ml.synthetic.singled_out`).
"""

from dataclasses import dataclass

import numpy as np

from ml.evaluation.bootstrap import Interval
from ml.evaluation.metrics import Array
from ml.synthetic.nearest import EQUAL, Nearest, Space, nearest
from ml.synthetic.singled_out import SingledOut, singled_out

# So many made-up rows, and rows held out, are looked at; all rows learnt from are looked up.
MOST_LOOKED_AT = 5_000
# The share of rows that may be copies, at the end of the interval that speaks for the set. A
# generator leans on the rows it learnt from without copying one: rows are nearer to them than to
# strangers, most of all where all or half of the rows count as near.
TOLERATED = {"copies_exact": 0.01, "copies_near": 0.05, "copies_close": 0.25, "copies_any": 0.25}
# Within what a copy lies is not known: as near as so many of the rows held out are.
NEAR = {"copies_exact": 0.0, "copies_near": 0.05, "copies_close": 0.5, "copies_any": 1.0}
# Four are looked at, again at each change of the data: 99.9 % each.
_GATE_Z, _SHOWN_Z = 3.29, 1.96


@dataclass(frozen=True)
class Copies:
    """The share of made-up rows that are copies of people learnt from, at one distance.

    ``low`` is the lower end of its 99.9 % interval, which the gate judges.
    """

    metric: str
    share: Interval
    low: float

    @property
    def told(self) -> str:
        """What speaks of copies, in words."""
        return f"{self.metric} {self.share.value:.1%} (at least {self.low:.1%})"

    @property
    def copied(self) -> bool:
        """Whether people are copied, beyond chance and beyond what is tolerated."""
        return self.low > TOLERATED[self.metric]


@dataclass(frozen=True)
class Privacy:
    """Distances to the closest record, of made-up rows and of rows held out, and the copies."""

    made: tuple[float, float]
    held: tuple[float, float]
    equal: tuple[float, float]
    nearer: Interval
    expected: float
    copies: tuple[Copies, ...]
    singled_out: tuple[SingledOut, ...]
    rows: int

    @property
    def copied(self) -> tuple[Copies | SingledOut, ...]:
        """What says that people are copied."""
        told: list[Copies | SingledOut] = [*self.copies, *self.singled_out]
        return tuple(each for each in told if each.copied)


def privacy(learnt: Array, held: Array, made: Array, nominal: list[bool], seed: int) -> Privacy:
    """Compare rows [rows, columns], NaN missing: ``made`` from ``learnt`` but not from ``held``."""
    random = np.random.default_rng(seed)
    space = Space.of(learnt, nominal)
    first, second, rows = (space.place(each) for each in (learnt, held, made))
    looked, strangers = _some(rows, random), _some(second, random)
    none = second[:0]
    found = nearest(space, looked, first, second)
    stranger = nearest(space, strangers, first, none).distance
    record = nearest(space, looked, first, none)
    expected = len(learnt) / (len(learnt) + len(held))
    sizes = {name: float(np.quantile(stranger, share)) for name, share in NEAR.items()}
    sizes |= {"copies_exact": 0.0, "copies_any": np.inf}
    copies = tuple(_copies(name, found, expected, size) for name, size in sizes.items())
    overall = copies[-1].share
    return Privacy(
        _quantiles(record.distance),
        _quantiles(stranger),
        (float(np.mean(record.distance <= EQUAL)), float(np.mean(stranger <= EQUAL))),
        _in_share(overall, expected),
        expected,
        copies,
        tuple(singled_out(record.ratio, *_ratios(space, first, second, random))),
        len(looked),
    )


def _ratios(
    space: Space, first: Array, second: Array, random: np.random.Generator
) -> tuple[Array, Array]:
    """Return how much nearer to one record than to the next real rows are, and their weights.

    A row learnt from is compared with the others of these. Two of them may be nearest to one
    another, and then tell the same: each counts half.
    """
    rows = np.concatenate([second, first])
    own = np.r_[np.full(len(second), -1), np.arange(len(first))]
    if len(rows) > MOST_LOOKED_AT:
        at = np.sort(random.choice(len(rows), MOST_LOOKED_AT, replace=False))
        rows, own = rows[at], own[at]
    found = nearest(space, rows, first, second[:0], own)
    return found.ratio, np.where(own < 0, 1.0, 0.5)


def _some(rows: Array, random: np.random.Generator) -> Array:
    if len(rows) <= MOST_LOOKED_AT:
        return rows
    return rows[np.sort(random.choice(len(rows), MOST_LOOKED_AT, replace=False))]


def _quantiles(distances: Array) -> tuple[float, float]:
    return float(np.quantile(distances, 0.05)), float(np.median(distances))


def _copies(metric: str, found: Nearest, expected: float, within: float) -> Copies:
    """Return how many of the rows within a distance are nearest to people learnt from, too many.

    Of equally near rows each counts in part, so that what many people share copies nobody. The
    spread is that of drawing anew who of the real rows was learnt from: rows with the same nearest
    person move together.
    """
    near = found.distance <= within + EQUAL
    equally = (found.first + found.second)[near]
    own = found.first[near] / equally - expected
    total = len(found.distance) * (1 - expected)
    share = float(own.sum()) / total
    _, group, counts = np.unique(found.at[near], return_inverse=True, return_counts=True)
    each = np.zeros(len(counts))
    each[group] = equally
    spread = float(np.sqrt((counts**2 * expected * (1 - expected) / np.maximum(each, 1)).sum()))
    spread /= total
    bounds = Interval(share, share - _SHOWN_Z * spread, share + _SHOWN_Z * spread)
    return Copies(metric, bounds, share - _GATE_Z * spread)


def _in_share(copies: Interval, expected: float) -> Interval:
    """Return the share of rows nearest to people learnt from, which ``copies`` is worked out of."""
    ends = (copies.value, copies.low, copies.high)
    value, low, high = (expected + (1 - expected) * float(end or 0) for end in ends)
    return Interval(value, low, high)
