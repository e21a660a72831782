"""Decision trees of scikit-learn as plain arrays: boosted, averaged, or one alone."""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ml.anatomy.cells import Cells
from ml.data.features import Inputs
from ml.evaluation.metrics import Array, Codes

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
    order, known = _order(estimator, len(columns))
    trees = tuple(
        _boosted(predictor, known, first)
        for each in estimator._predictors
        for first, predictor in enumerate(each)
    )
    return Ensemble(
        columns=tuple(columns[at] for at in order),
        trees=trees,
        base=np.asarray(estimator._baseline_prediction, dtype=np.float64).reshape(-1),
        link=_link(estimator),
        leaves=lambda inputs: _boosted_leaves(estimator, inputs),
    )


def of_forest(estimator: Any, columns: Cells) -> Ensemble:
    """Take a fitted forest, or a single tree, apart; ``columns`` are what it reads."""
    several = getattr(estimator, "estimators_", None)
    single = [estimator] if several is None else list(several)
    trees = tuple(_averaged(each.tree_) for each in single)
    classes = hasattr(estimator, "classes_")

    def leaves(inputs: Inputs) -> Codes:
        narrow = np.ascontiguousarray(inputs, dtype=np.float32)
        return np.stack([each.tree_.apply(narrow) for each in single])

    return Ensemble(
        columns=columns,
        trees=trees,
        base=np.zeros(trees[0].value.shape[1]),
        link="proportion" if classes else "identity",
        leaves=leaves,
        divisor=len(single),
        reach=_REACH,
    )


def _link(estimator: Any) -> Link:
    if hasattr(estimator, "classes_"):
        return "sigmoid" if len(estimator.classes_) == 2 else "softmax"
    return "exp" if estimator.loss in ("poisson", "gamma") else "identity"


def _order(estimator: Any, columns: int) -> tuple[list[int], Mapping[int, Array]]:
    """Return the columns in the order the trees count them, and the known codes of categories."""
    if estimator._preprocessor is None:
        return list(range(columns)), {}
    is_category = np.asarray(estimator.is_categorical_, dtype=bool)
    order = [*np.flatnonzero(is_category), *np.flatnonzero(~is_category)]
    found = estimator._preprocessor.named_transformers_["encoder"].categories_
    return [int(at) for at in order], dict(enumerate(found))


def _boosted(predictor: Any, known: Mapping[int, Array], first: int) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    left = nodes["left"].astype(np.int64)
    right = nodes["right"].astype(np.int64)
    codes = {
        int(at): _codes(predictor, nodes[at], known)
        for at in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf)
    }
    return Tree(
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=left,
        right=right,
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=_means(left, right, leaf, nodes["count"], nodes["value"][:, None]),
        first=first,
        codes=codes,
    )


def _codes(predictor: Any, node: Any, known: Mapping[int, Array]) -> tuple[int, ...]:
    """Return the categories that go the other way than missing values, by the encoder's codes."""
    bits = predictor.raw_left_cat_bitsets[int(node["bitset_idx"])]
    goes_left = {
        at: bool((int(bits[at // 32]) >> (at % 32)) & 1)
        for at, _ in _present(known[int(node["feature_idx"])])
    }
    other = not bool(node["missing_go_to_left"])
    return tuple(
        code for at, code in _present(known[int(node["feature_idx"])]) if goes_left[at] == other
    )


def _present(codes: Array) -> Iterator[tuple[int, int]]:
    """Yield each category's position among those seen in fitting, and its code."""
    return ((at, int(code)) for at, code in enumerate(codes) if not np.isnan(code))


def _averaged(tree: Any) -> Tree:
    leaf = tree.children_left < 0
    value = np.asarray(tree.value[:, 0, :], dtype=np.float64)
    weights = tree.weighted_n_node_samples
    left, right = tree.children_left.astype(np.int64), tree.children_right.astype(np.int64)
    return Tree(
        feature=np.where(leaf, -1, tree.feature).astype(np.int64),
        threshold=_widened(np.asarray(tree.threshold, dtype=np.float64)),
        left=left,
        right=right,
        missing_left=np.asarray(tree.missing_go_to_left).astype(bool),
        value=_means(left, right, leaf, weights, value),
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


def _means(
    left: Codes, right: Codes, leaf: npt.NDArray[np.bool_], weights: Array, value: Array
) -> Array:
    """Return ``value`` of the leaves, and at each inner node their mean by ``weights``."""
    found = np.array(value, dtype=np.float64)
    # Children stand after their parents in both kinds of tree.
    for at in range(len(leaf) - 1, -1, -1):
        if not leaf[at]:
            a, b = left[at], right[at]
            total = float(weights[a]) + float(weights[b])
            share = float(weights[a]) / total if total else 0.5
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
