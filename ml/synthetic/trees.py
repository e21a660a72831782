"""The generator: each column drawn by a tree of the columns before it.

Sequential trees (Reiter, Using CART to generate partially synthetic public use microdata, Journal
of Official Statistics 21, 2005; the R package synthpop). A made-up row falls into a leaf with many
real rows, and its value is drawn among theirs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ml.evaluation.metrics import Array
from ml.synthetic.coding import COMMON

# More rows than this are not learnt from: a seeded sample is.
MOST_ROWS = 100_000
# Of a category the most frequent values tell the columns after it apart.
_TOLD_APART = 20
_LEAST_LEAF, _SHARE = 20, 10
# A number is a spike where one row of so many has it.
_SPIKE = 100
# It lies between two numbers of the leaf so many places apart at most.
_APART = 5
# Numbers with more decimals have as many as they come with.
_MOST_DECIMALS = 6
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """Made-up rows [rows, columns], and how many real values were too rare to be drawn.

    ``learnt`` is how many real rows they were made from, ``leaf`` among how many of these each
    value was drawn at the least.
    """

    rows: Array
    rare: int
    learnt: int
    leaf: int


def leaf_of(asked: int, rows: int) -> int:
    """Return among how many of ``rows`` a value is drawn at the least."""
    return max(_LEAST_LEAF, min(asked, rows // _SHARE))


def draw(real: Array, nominal: list[bool], wanted: int, leaf: int, seed: int) -> Drawn:
    """Return ``wanted`` rows like ``real`` [rows, columns], NaN missing, categories as codes."""
    random = np.random.default_rng(seed)
    if len(real) > MOST_ROWS:
        real = real[np.sort(random.choice(len(real), MOST_ROWS, replace=False))]
    real, rare = real.copy(), 0
    for at, is_nominal in enumerate(nominal):
        rare += _without_rare(real[:, at], random) if is_nominal else 0
    least = leaf_of(leaf, len(real))
    made = np.full((wanted, real.shape[1]), np.nan)
    known, told = np.empty((len(real), 0)), np.empty((wanted, 0))
    for at, is_nominal in enumerate(nominal):
        column = real[:, at]
        here, there = _leaves(column, is_nominal, known, told, least, seed)
        made[:, at] = _from_leaves(column, is_nominal, here, there, random)
        more = _inputs(column, column, is_nominal), _inputs(column, made[:, at], is_nominal)
        known, told = np.column_stack([known, more[0]]), np.column_stack([told, more[1]])
    return Drawn(made, rare, len(real), least)


def _without_rare(codes: Array, random: np.random.Generator) -> int:
    """Put common values, by their share, in the place of those that few rows have."""
    there = np.flatnonzero(~np.isnan(codes))
    counts = np.bincount(codes[there].astype(np.int64), minlength=1)
    own = counts[codes[there].astype(np.int64)]
    common, rare = codes[there[own >= COMMON]], there[own < COMMON]
    codes[rare] = random.choice(common, len(rare)) if len(common) else np.nan
    return len(rare)


def _leaves(
    column: Array, nominal: bool, known: Array, told: Array, leaf: int, seed: int
) -> tuple[Ints, Ints]:
    """Return the leaf of each real row and of each made-up one, by the columns before."""
    if not known.shape[1]:
        return np.zeros(len(known), np.int64), np.zeros(len(told), np.int64)
    kind = DecisionTreeClassifier if nominal else DecisionTreeRegressor
    tree = kind(min_samples_leaf=leaf, random_state=seed % 2**32)
    # Ranks make one tree of an income and of its logarithm; missing is a value of its own.
    target = np.where(np.isnan(column), -1.0 if nominal else -np.inf, column)
    tree.fit(known, target if nominal else rankdata(target) / len(target))
    return tree.apply(known), tree.apply(told)


def _inputs(of: Array, column: Array, nominal: bool) -> Array:
    """Return what a tree reads of ``column``: is it missing, its number or its frequent values."""
    missing = np.isnan(column)
    if not nominal:
        return np.column_stack([np.where(missing, 0.0, column), missing])
    values, counts = np.unique(of[~np.isnan(of)], return_counts=True)
    frequent = values[np.argsort(-counts, kind="stable")][:_TOLD_APART]
    return np.column_stack([missing, *(column == value for value in frequent)])


def _from_leaves(
    column: Array,
    nominal: bool,
    here: Ints,
    there: Ints,
    random: np.random.Generator,
) -> Array:
    """Return a value for each leaf of ``there``, drawn among those of the rows of that leaf.

    A number is repeated only where it is a spike; else the value lies between it and one near it,
    for to repeat what happens to be met more often here than elsewhere would be to copy.
    """
    order = np.lexsort((column, here))
    values, leaves = column[order], here[order]
    start, end = np.searchsorted(leaves, there, "left"), np.searchsorted(leaves, there, "right")
    at = start + (random.random(len(there)) * (end - start)).astype(np.int64)
    drawn = values[at]
    if nominal:
        return drawn
    distinct, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    many = max(COMMON, len(column) // _SPIKE)
    common = np.isin(drawn, distinct[counts >= many]) | np.isnan(drawn)
    # Missing values come last in a leaf; a number lies between two that are there.
    gone = np.r_[0, np.cumsum(np.isnan(values))]
    last = end - (gone[end] - gone[start]) - 1
    apart = random.integers(1, _APART + 1, len(at)) * random.choice((-1, 1), len(at))
    other = _beside(values, leaves, at, apart, start, last)
    lonely = np.isnan(other) & ~common
    if lonely.any() and len(distinct) > 1:
        own = np.searchsorted(distinct, drawn[lonely])
        every = np.zeros(len(distinct), np.int64)
        ends = np.zeros(len(own), np.int64), np.full(len(own), len(distinct) - 1)
        other[lonely] = _beside(distinct, every, own, apart[lonely], *ends)
    between = drawn + random.random(len(drawn)) * (other - drawn)
    return _rounded(np.where(common, drawn, between), distinct)


def _beside(values: Array, leaves: Ints, at: Ints, apart: Ints, first: Ints, last: Ints) -> Array:
    """Return another value than that ``at`` each place, up to so many places ``apart`` of it.

    ``values`` rise within each of ``leaves``; the other one lies from ``first`` to ``last``. NaN
    where these are all the same.
    """
    steps = np.flatnonzero((np.diff(values) != 0) | (np.diff(leaves) != 0)) + 1
    edges = np.r_[0, steps, len(values)]
    run = np.searchsorted(edges, at, "right") - 1
    below, above = edges[run] - 1, edges[run + 1]
    up = np.where(apart > 0, above <= last, below < first)
    beside = np.where(
        up,
        np.minimum(above + np.abs(apart) - 1, last),
        np.maximum(below - np.abs(apart) + 1, first),
    )
    other = values[np.clip(beside, 0, len(values) - 1)]
    return np.where((above > last) & (below < first), np.nan, other)


def _rounded(drawn: Array, distinct: Array) -> Array:
    """Return ``drawn`` in the steps of ``distinct``, such as whole days, or with its decimals."""
    if not len(distinct):
        return drawn
    if np.array_equal(np.round(distinct), distinct) and np.abs(distinct).max() < 2**62:
        whole = distinct.astype(np.int64)
        step = max(int(np.gcd.reduce(np.diff(whole))), 1) if len(whole) > 1 else 1
        return np.asarray(whole[0] + np.round((drawn - whole[0]) / step) * step)
    for decimals in range(1, _MOST_DECIMALS + 1):
        if np.allclose(np.round(distinct, decimals), distinct, rtol=0, atol=1e-9):
            return np.round(drawn, decimals)
    return drawn
