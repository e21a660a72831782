"""Decision trees of scikit-learn as plain arrays: boosted, averaged, or one alone."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ml.anatomy.cells import Cells
from ml.data.features import Inputs
from ml.evaluation.metrics import Array, Codes
from ml.trees import boosted, forests
from ml.trees.tree import LEAF
from ml.trees.tree import Tree as RawTree

Link = Literal["identity", "exp", "sigmoid", "softmax", "proportion"]
# What a forest reads is float32.
_REACH = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Tree:
    """One tree; node 0 is its root, a leaf has the feature -1.

    A number goes left when it is ``threshold`` or less. At a node of ``codes`` a category among
    them goes the way that missing values do not go. ``value`` [nodes, width] is what a leaf adds
    to the outputs from ``first`` on; at an inner node it is the mean over the rows learnt from.
    """

    feature: Codes
    threshold: Array
    left: Codes
    right: Codes
    missing_left: npt.NDArray[np.bool_]
    value: Array
    first: int = 0
    codes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Ensemble:
    """Trees that are added up in their order, beginning with ``base`` [outputs].

    The sum is divided by ``divisor`` where trees are averaged. ``reach`` is the largest magnitude
    the estimator reads. ``leaves`` maps inputs to the leaf of each row in each tree [trees, rows].
    """

    columns: Cells
    trees: tuple[Tree, ...]
    base: Array
    link: Link
    leaves: Callable[[Inputs], Codes]
    divisor: int = 1
    reach: float = float("inf")


def of_boosted(estimator: Any, columns: Cells) -> Ensemble:
    """Take a fitted HistGradientBoosting apart; ``columns`` are what it reads."""
    found = boosted.of_boosted(estimator)
    return Ensemble(
        columns=columns,
        trees=tuple(_tree(each, found.narrow) for each in found.each),
        base=found.base,
        link=_link(estimator),
        leaves=lambda inputs: _boosted_leaves(estimator, inputs),
    )


def of_forest(estimator: Any, columns: Cells) -> Ensemble:
    """Take a fitted forest, or a single tree, apart; ``columns`` are what it reads."""
    found = forests.of_forest(estimator)
    single = forests.single(estimator)

    def leaves(inputs: Inputs) -> Codes:
        narrow = np.ascontiguousarray(inputs, dtype=np.float32)
        return np.stack([each.tree_.apply(narrow) for each in single])

    return Ensemble(
        columns=columns,
        trees=tuple(_tree(each, found.narrow) for each in found.each),
        base=found.base,
        link="proportion" if hasattr(estimator, "classes_") else "identity",
        leaves=leaves,
        divisor=len(single),
        reach=_REACH,
    )


def _link(estimator: Any) -> Link:
    if hasattr(estimator, "classes_"):
        return "sigmoid" if len(estimator.classes_) == 2 else "softmax"
    return "exp" if estimator.loss in ("poisson", "gamma") else "identity"


def _tree(tree: RawTree, narrow: bool) -> Tree:
    """Return ``tree`` with means at its inner nodes; ``narrow`` as of :class:`ml.trees.tree.Trees`.

    A category that was not met in fitting goes with missing values, so it is in no set of codes.
    """
    codes = {
        int(at): tuple(
            np.flatnonzero(tree.members[tree.member[at]] != tree.missing_left[at]).tolist()
        )
        for at in np.flatnonzero(tree.member >= 0)
    }
    return Tree(
        feature=tree.feature,
        threshold=_widened(tree.threshold) if narrow else tree.threshold,
        left=tree.left,
        right=tree.right,
        missing_left=tree.missing_left,
        value=_means(tree),
        first=tree.first,
        codes=codes,
    )


def _widened(thresholds: Array) -> Array:
    """Return, for thresholds on float32, those on float64 that part all numbers as they do.

    The greatest double that rounds to a float32 not above the threshold: half way to the next
    float32, where a tie is rounded to the even one.
    """
    finite = np.clip(thresholds, -_REACH, _REACH)
    below = finite.astype(np.float32)
    below = np.where(below > finite, np.nextafter(below, np.float32(-np.inf)), below)
    with np.errstate(over="ignore"):  # beyond the last float32 is infinity
        above = np.nextafter(below, np.float32(np.inf)).astype(np.float64)
    low = below.astype(np.float64)
    middle = low + (np.where(np.isinf(above), low, above) - low) / 2
    is_even = below.view(np.uint32) % 2 == 0
    found = np.where(is_even | (middle == low), middle, np.nextafter(middle, -np.inf))
    # A split of what is missing from what is not has an endless threshold.
    return np.where(np.isinf(thresholds), thresholds, found)


def _means(tree: RawTree) -> Array:
    """Return the values of the leaves, and at each inner node their mean by weight."""
    found = tree.values.copy()
    # Children stand after their parents in both kinds of tree.
    for at in np.flatnonzero(tree.feature != LEAF)[::-1]:
        a, b = tree.left[at], tree.right[at]
        total = float(tree.weights[a]) + float(tree.weights[b])
        share = float(tree.weights[a]) / total if total else 0.5
        found[at] = found[a] * share + found[b] * (1 - share)
    return found


def _boosted_leaves(estimator: Any, inputs: Inputs) -> Codes:
    """Let scikit-learn's own code route the rows, through trees that tell their leaf's number."""
    read = estimator._preprocess_X(inputs, reset=False)
    known, places = estimator._bin_mapper.make_known_categories_bitsets()
    threads = 1 if len(inputs) < 20_000 else 2
    found = []
    for each in estimator._predictors:
        for predictor in each:
            numbered = copy(predictor)
            numbered.nodes = predictor.nodes.copy()
            numbered.nodes["value"] = np.arange(len(numbered.nodes))
            found.append(numbered.predict(read, known, places, threads).astype(np.int64))
    return np.stack(found)
