"""Isolation forests of scikit-learn taken apart.

A tree adds how deep a row lies before it is alone. Source: Liu, Ting and Zhou, "Isolation forest",
ICDM 2008.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest

# What scikit-learn itself divides by; there is no public name for it.
from sklearn.ensemble._iforest import _average_path_length

from ml.evaluation.metrics import Array
from ml.trees.forests import tree_of
from ml.trees.tree import LEAF, Tree, Trees

ISOLATION = (IsolationForest,)


def of_isolation(estimator: Any) -> Trees:
    """Return the trees of a fitted isolation forest; the values of a node are its depth."""
    parts = zip(
        estimator.estimators_,
        estimator.estimators_features_,
        estimator._decision_path_lengths,
        estimator._average_path_length_per_tree,
        strict=True,
    )
    return Trees(
        each=tuple(_tree(one.tree_, drawn, path + rest - 1.0) for one, drawn, path, rest in parts),
        base=np.zeros(1),
        columns=int(estimator.n_features_in_),
        categories=frozenset(),
        narrow=True,
    )


def told(estimator: Any, raw: Array) -> Array:
    """Return what scikit-learn makes of the depths ``raw`` [rows, 1], with the other sign [rows].

    By its own formula, so that not a digit differs: from 0 to 1, an anomaly the higher.
    """
    depths = raw[:, 0]
    most = len(estimator.estimators_) * _average_path_length([estimator._max_samples])
    shares = np.divide(depths, most, out=np.ones_like(depths), where=most != 0)
    return np.asarray(2 ** (-shares), dtype=np.float64)


def _tree(tree: Any, drawn: Any, depths: Array) -> Tree:
    """Return ``tree``, which asks for the columns ``drawn`` by their places among these."""
    made = tree_of(tree)
    feature = np.where(made.feature == LEAF, LEAF, np.asarray(drawn)[made.feature])
    values = np.asarray(depths, dtype=np.float64)[:, None]
    return replace(made, feature=feature.astype(np.int64), values=values)
