"""Histogram gradient boosting of scikit-learn taken apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from ml.evaluation.metrics import Array
from ml.trees.tree import CODES, LEAF, Flags, Tree, Trees, Whole

BOOSTED = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


@dataclass(frozen=True)
class _Columns:
    """How the estimator counts its columns.

    ``order`` [columns] is the encoder's column of each, ``seen`` the category codes met in fitting
    by the encoder's column, in the order of the estimator's own codes.
    """

    order: Whole
    seen: Mapping[int, Whole]


def of_boosted(estimator: Any) -> Trees:
    """Return the trees of a fitted HistGradientBoostingClassifier or -Regressor.

    Iteration by iteration, in each one tree an output, as scikit-learn adds them up.
    """
    columns = _columns(estimator)
    return Trees(
        each=tuple(
            _tree(predictor, columns, first)
            for iteration in estimator._predictors
            for first, predictor in enumerate(iteration)
        ),
        base=np.array(estimator._baseline_prediction, dtype=np.float64).reshape(-1),
        columns=len(columns.order),
        categories=frozenset(columns.seen),
        narrow=False,
    )


def told(estimator: Any, raw: Array) -> Array:
    """Return what scikit-learn makes of the sums ``raw`` [rows, outputs], by its own code.

    Probabilities [rows, classes], for a regressor predictions [rows].
    """
    if hasattr(estimator, "classes_"):
        return np.asarray(estimator._loss.predict_proba(raw), dtype=np.float64)
    return np.asarray(estimator._loss.link.inverse(raw.ravel()), dtype=np.float64)


def _columns(estimator: Any) -> _Columns:
    if estimator._preprocessor is None:
        return _Columns(np.arange(estimator.n_features_in_), {})
    # Within the estimator the columns of categories come first.
    is_category = np.asarray(estimator.is_categorical_, dtype=bool)
    categories = np.flatnonzero(is_category)
    found = estimator._preprocessor.named_transformers_["encoder"].categories_
    seen = {
        int(at): values[~np.isnan(values)].astype(np.int64)
        for at, values in zip(categories, found, strict=True)
    }
    return _Columns(np.concatenate([categories, np.flatnonzero(~is_category)]), seen)


def _tree(predictor: Any, columns: _Columns, first: int) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    asks = nodes["is_categorical"].astype(bool) & ~leaf
    feature = np.where(leaf, LEAF, columns.order[nodes["feature_idx"]])
    member = np.full(len(nodes), -1)
    member[asks] = np.arange(np.count_nonzero(asks))
    return Tree(
        feature=feature,
        threshold=nodes["num_threshold"].astype(np.float64),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        member=member,
        members=_members(predictor, nodes[asks], feature[asks], columns),
        values=nodes["value"].astype(np.float64)[:, None],
        weights=nodes["count"].astype(np.float64),
        first=first,
    )


def _members(predictor: Any, nodes: Any, feature: Whole, columns: _Columns) -> Flags:
    """Return which codes each of ``nodes`` sends to the left [nodes, CODES].

    A code that was not seen in fitting goes where missing values go.
    """
    members = np.repeat(nodes["missing_go_to_left"].astype(bool)[:, None], CODES, axis=1)
    for at, (node, column) in enumerate(zip(nodes, feature, strict=True)):
        bits = predictor.raw_left_cat_bitsets[node["bitset_idx"]].astype("<u4").view(np.uint8)
        seen = columns.seen[int(column)]
        members[at, seen] = np.unpackbits(bits, bitorder="little")[: len(seen)]
    return members
