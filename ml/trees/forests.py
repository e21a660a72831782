"""Forests and single decision trees of scikit-learn taken apart."""

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import BaseDecisionTree

from ml.evaluation.metrics import Array
from ml.trees.tree import CODES, LEAF, Tree, Trees

FORESTS = (
    BaseDecisionTree,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)


def of_forest(estimator: Any) -> Trees:
    """Return the trees of a fitted random forest, of extra trees or of one decision tree."""
    each = tuple(tree_of(one.tree_) for one in single(estimator))
    return Trees(
        each=each,
        base=np.zeros(each[0].values.shape[1]),
        columns=int(estimator.n_features_in_),
        categories=frozenset(),
        narrow=True,
    )


def told(estimator: Any, raw: Array) -> Array:
    """Return what scikit-learn makes of the sums ``raw`` [rows, outputs].

    Probabilities [rows, classes], for a regressor predictions [rows].
    """
    if hasattr(estimator, "estimators_"):
        raw /= len(estimator.estimators_)
    return raw if hasattr(estimator, "classes_") else raw[:, 0]


def single(estimator: Any) -> list[Any]:
    """Return the decision trees of a forest, or the one tree in a list."""
    return list(getattr(estimator, "estimators_", [estimator]))


def tree_of(tree: Any) -> Tree:
    """Return a fitted ``tree_`` of scikit-learn taken apart."""
    leaf = tree.children_left < 0
    return Tree(
        feature=np.where(leaf, LEAF, tree.feature).astype(np.int64),
        threshold=np.asarray(tree.threshold, dtype=np.float64),
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        missing_left=np.asarray(tree.missing_go_to_left).astype(bool),
        member=np.full(len(leaf), -1),
        members=np.zeros((0, CODES), dtype=bool),
        values=np.ascontiguousarray(tree.value[:, 0, :], dtype=np.float64),
        weights=np.asarray(tree.weighted_n_node_samples, dtype=np.float64),
        first=0,
    )
